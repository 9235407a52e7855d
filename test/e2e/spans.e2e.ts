import type { Page } from 'playwright'
import { expect } from 'vitest'
import { flush, statsOf, streamOf } from '../harness/client.ts'
import { countSeqs, proveComplete } from '../harness/completeness.ts'
import type { Line } from '../harness/destination.ts'
import { test } from '../harness/fixtures.ts'
import { readStored, recordOf } from '../harness/stored.ts'

interface OpenSpan {
  name: string
  duration: number
  touchedAt: number
}

/** The only span that is open, as it lies on the disk. */
async function openSpan(page: Page): Promise<OpenSpan | undefined> {
  const { stream } = recordOf(await readStored(page, 'waybill'), 'state') as { stream?: { spans?: object } }
  const [span] = Object.values(stream?.spans ?? {})
  return span
}

const inShort = (lines: readonly Line[]) =>
  lines.map((line) => {
    const { event, span } = line as { event?: string; span?: { outcome: string } }
    return span ? `${event} ${span.outcome}` : event
  })

test('a span of a browser that was killed is abandoned by the next visit, as it was at its last tick', async ({
  openApp,
  browser,
  site,
  destination,
}) => {
  // A tick a second.
  const options = { flushInterval: 100, sessionTimeout: 4_000, sessionEnded: true }
  const page = await openApp(options)
  await page.evaluate(async () => {
    await window.waybill.track('Cart Viewed')
    const span = window.waybill.start('Checkout', { plan: 'pro' })
    await span.started
    await span.add('items', 2)
  })
  const streamId = await streamOf(page)
  await expect.poll(async () => (await openSpan(page))?.duration, { timeout: 20_000 }).toBeGreaterThan(1_500)

  await browser.kill()
  await browser.reopen()
  const witness = await browser.newPage()
  await witness.goto(site.plainPage)
  const left = await openSpan(witness)
  if (!left) throw new Error('The span is not on the disk')

  const next = await openApp(options)
  await expect
    .poll(
      async () => {
        await flush(next)
        return countSeqs(destination.deliveries, streamId)
      },
      { timeout: 20_000 },
    )
    .toBe(3)
  const lines = proveComplete(destination.deliveries, streamId)
  expect(inShort(lines)).toEqual(['Cart Viewed', 'Checkout abandoned', 'Session Ended'])
  expect(lines[1]).toMatchObject({
    properties: { plan: 'pro', items: 2 },
    timestamp: new Date(left.touchedAt).toISOString(),
    span: { duration: left.duration },
    state: { session: { number: 1 } },
  })
  expect(await openSpan(witness)).toBeUndefined()
  expect((await statsOf(next)).dropped).toBe(0)
})

test('a span goes on after a reload and is ended by another tab', async ({ openApp, destination }) => {
  const page = await openApp()
  const reloaded = page.waitForEvent('load')
  await page.evaluate(() => {
    window.waybill.start('Checkout', { plan: 'pro' }).set({ step: 1 })
    location.reload()
  })
  await reloaded
  await page.evaluate(() => window.waybill.start('Checkout').add('reloads'))
  const other = await openApp()
  await other.evaluate(() => window.waybill.start('Checkout').end({ total: 42 }))
  expect(await page.evaluate(() => window.waybill.start('Video').end())).toMatchObject({ seq: 2 })
  const streamId = await streamOf(other)
  await destination.until((deliveries) => countSeqs(deliveries, streamId) === 2)
  const lines = proveComplete(destination.deliveries, streamId)
  expect(inShort(lines)).toEqual(['Checkout completed', 'Video completed'])
  expect(lines[0]).toMatchObject({ properties: { plan: 'pro', step: 1, reloads: 1, total: 42 } })
})
