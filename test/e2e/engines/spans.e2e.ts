import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CollectorProcess, startCollector } from '../../harness/collector-process.ts'
import { countSeqs, proveComplete } from '../../harness/completeness.ts'
import { type Destination, startDestination } from '../../harness/destination.ts'
import { chromium } from '../../harness/engines/chromium.ts'
import type { EnginePage } from '../../harness/engines/engine.ts'
import { firefox } from '../../harness/engines/firefox.ts'
import { webkit } from '../../harness/engines/webkit.ts'
import { startSite } from '../../harness/site.ts'
import { readStored, recordOf } from '../../harness/stored.ts'

interface OpenSpan {
  name: string
  duration: number
  touchedAt: number
}

/** A tick a second. */
const options = { flushInterval: 100, sessionTimeout: 4_000, sessionEnded: true }

let destination: Destination
let collector: CollectorProcess

beforeAll(async () => {
  destination = await startDestination()
  collector = await startCollector({ webhook: destination })
})

afterAll(async () => {
  await collector?.close()
  await destination?.close()
})

/** The only span that is open, as it lies on the disk. */
async function openSpan(page: EnginePage): Promise<OpenSpan | undefined> {
  const { stream } = recordOf(await readStored(page, 'waybill'), 'state') as { stream?: { spans?: object } }
  const [span] = Object.values(stream?.spans ?? {})
  return span
}

test.for([chromium, firefox, webkit])(
  'a span of $name that was killed is abandoned by the next visit, as it was at its last tick',
  async (engine, { skip }) => {
    const missing = engine.unavailable()
    if (missing && process.env.CI === 'true') throw new Error(`${engine.name} is mandatory in CI: ${missing}`)
    if (missing) skip(missing)
    await using site = await startSite(engine.head === undefined ? {} : { head: engine.head })
    await using browser = await engine.open()
    const app = site.appPage({ endpoint: collector.url, writeKey: collector.writeKey, ...options })
    const page = await browser.newPage(app)
    const streamId = await page.evaluate(async () => {
      await window.waybill.track('Cart Viewed')
      const span = window.waybill.start('Checkout', { plan: 'pro' })
      await span.started
      await span.add('items', 2)
      const { streamId = '' } = await window.waybill.stats()
      return streamId
    })
    await expect.poll(async () => (await openSpan(page))?.duration).toBeGreaterThan(1_500)
    await browser.kill()
    await browser.reopen()
    const witness = await browser.newPage(site.plainPage)
    const left = await openSpan(witness)
    if (!left) throw new Error('The span is not on the disk')
    await witness.goto(app)
    const flush = () => witness.evaluate(() => window.waybill.flush({ timeout: 30_000 }))
    await expect
      .poll(async () => {
        await flush()
        return countSeqs(destination.deliveries, streamId)
      })
      .toBe(3)
    const lines = proveComplete(destination.deliveries, streamId)
    expect(lines).toMatchObject([
      { event: 'Cart Viewed' },
      {
        event: 'Checkout',
        properties: { plan: 'pro', items: 2 },
        timestamp: new Date(left.touchedAt).toISOString(),
        span: { outcome: 'abandoned', duration: left.duration },
        state: { session: { number: 1 } },
      },
      { event: 'Session Ended' },
    ])
    expect(await openSpan(witness)).toBeUndefined()
  },
)
