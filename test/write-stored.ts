import { writeFile } from 'node:fs/promises'
import { answerJson, answerProblem, toRecorded } from './harness/answers.ts'
import { type Browser, openBrowser } from './harness/browser.ts'
import { flush, statsOf } from './harness/client.ts'
import { listen } from './harness/listen.ts'
import { readBody } from './harness/read-body.ts'
import { type Site, startSite } from './harness/site.ts'
import { readStored, recordOf } from './harness/stored.ts'

/*
 * Writes down what a buffer of the format that the built SDK stores looks like, for a test that every later release has
 * to pass. To be run once for each format, by `pnpm exec node test/write-stored.ts && pnpm format`: what is checked in never changes,
 * since what visitors have in their browsers doesn't either.
 */

const NAME = 'stored'

/** A day that is over wherever the test runs. */
const DAY = new Date('2026-01-05T10:00:00.000Z')

/** One visit with all that a buffer can come to hold; ends when its page is left with events in its hands. */
async function visit(browser: Browser, site: Site, endpoint: string) {
  const page = await browser.newPage()
  await page.clock.install({ time: DAY })
  const options = { flushAt: 1_000_000, flushInterval: 3_600_000, maxBytes: 13_000, gzip: false }
  await page.goto(site.appPage({ endpoint, writeKey: 'wk_1', name: NAME, ...options }))
  await flush(page)
  await page.evaluate(async () => {
    const { waybill } = window
    await waybill.identify('ada', { name: 'Ada' })
    await waybill.register({ plan: 'pro' })
    await waybill.page('Home')
    await waybill.flush()
    for (const event of ['a', 'b', 'naïve ✓']) await waybill.track(event, { total: 42 })
    await waybill.flush({ timeout: 200 })
    await waybill.track('c', {}, { priority: 'high' })
    for (let index = 0; index < 6; index++) await waybill.track('seen', { index }, { priority: 'low' })
  })
  await waitFor(async () => (await statsOf(page)).shed > 0)
  await page.evaluate(async () => {
    const { waybill } = window
    await waybill.reset()
    await waybill.identify('bob')
    await waybill.register({ theme: 'dark' })
    await waybill.track('d')
    await waybill.track('e', {}, { priority: 'low' })
    addEventListener('pagehide', () => {
      waybill.track('left 1')
      waybill.track('left 2')
    })
  })
  await page.goto(site.plainPage)
  return page
}

async function waitFor(met: () => Promise<boolean>): Promise<void> {
  while (!(await met())) await new Promise((resolve) => setTimeout(resolve, 20))
}

const notNow = answerProblem('sink_unavailable', { retryAfter: 60, receipt: 'a receipt' })
let batches = 0
const collector = await listen(async (request, response) => {
  const { method = '', url: path = '', headers } = request
  const seen = { method, path, headers, body: await readBody(request) }
  batches += 1
  if (batches === 1) return answerJson(200, toRecorded)(seen, response, async () => {})
  return notNow(seen, response, async () => {})
})
const site = await startSite()
const browser = await openBrowser()
try {
  const page = await visit(browser, site, collector.url)
  const records = await readStored(page, NAME)
  const words = await page.evaluate((prefix) => {
    const kept = Object.entries(localStorage).filter(([key]) => key.startsWith(prefix))
    return Object.fromEntries(kept.map(([key, value]) => [key.slice(prefix.length), String(value)]))
  }, `${NAME}:`)
  const { format } = recordOf(records, 'state')
  const file = new URL(`../packages/browser/test/stored/format-${format}.json`, import.meta.url)
  await writeFile(file, `${JSON.stringify({ records, words }, undefined, 2)}\n`)
  console.log(`${records.length} records and ${Object.keys(words).length} last words: ${file.pathname}`)
} finally {
  await browser.close()
  await site.close()
  await collector.close()
}
