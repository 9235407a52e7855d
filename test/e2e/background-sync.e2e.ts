import type { Page } from 'playwright'
import { expect } from 'vitest'
import { answerProblem } from '../harness/answers.ts'
import { installWorker, registerSync, syncTags, watchLock, watchSyncs } from '../harness/background-sync.ts'
import { flush, markersOf, statsOf, streamOf, trackMany } from '../harness/client.ts'
import { countSeqs, proveComplete } from '../harness/completeness.ts'
import { test as base } from '../harness/fixtures.ts'
import { clientBytes, headerOf, type Seen } from '../harness/proxy.ts'

const COUNT = 60
const markers = Array.from({ length: COUNT }, (_, index) => index + 1)

/** The worker's requests carry this, so that they can be told from the page's. */
const byWorker = (batches: readonly Seen[]): Seen[] => batches.filter(({ path }) => path.includes('by=worker'))

const test = base
  .extend('workerOptions', async ({ proxy, collector }) => ({
    endpoint: `${proxy.url}/v1/events?by=worker`,
    writeKey: collector.writeKey,
  }))
  .extend('syncs', async ({ browser }) => watchSyncs(browser))
  .extend('openEager', async ({ browser, site, proxy, collector }) => {
    /**
     * Opens a page that sends soon, and leaves the browser no copy to send by itself when the page is gone
     * (`fetchLater`): that would do the worker's work.
     */
    return async (): Promise<Page> => {
      const page = await browser.newPage()
      await page.addInitScript(() => Reflect.deleteProperty(window, 'fetchLater'))
      const way = { endpoint: proxy.url, writeKey: collector.writeKey }
      await page.goto(site.appPage({ ...way, flushAt: 10, flushInterval: 100, backgroundSync: true }))
      return page
    }
  })
  .extend('leaveOffline', async ({ browser, proxy }) => {
    /** Goes offline, tracks, and closes the page when the browser has been asked for a sync. */
    return async (page: Page): Promise<string> => {
      await browser.setOffline(true)
      proxy.refuse()
      await trackMany(page, COUNT)
      const streamId = await streamOf(page)
      await expect.poll(() => syncTags(page)).toEqual(['waybill'])
      await page.close()
      return streamId
    }
  })

test('what a page has left offline arrives when the network is back, and no page is open', async ({
  openEager,
  openApp,
  browser,
  site,
  proxy,
  destination,
  workerOptions,
  syncs,
  leaveOffline,
}) => {
  const page = await openEager()
  await installWorker(page, site, workerOptions)
  const streamId = await leaveOffline(page)
  const before = proxy.batches().length
  expect(countSeqs(destination.deliveries, streamId)).toBe(0)
  expect(syncs.of('waybill')).not.toContain('Dispatched sync event')

  proxy.pass()
  await browser.setOffline(false)
  await destination.until((deliveries) => countSeqs(deliveries, streamId) === COUNT)
  expect(markersOf(proveComplete(destination.deliveries, streamId))).toEqual(markers)
  await syncs.until('waybill', 'Sync completed')

  const presented = proxy.batches().length
  expect(byWorker(proxy.batches())).toEqual(proxy.batches().slice(before))
  const nextVisit = await openApp()
  expect(await flush(nextVisit)).toEqual({ recorded: true })
  expect(await statsOf(nextVisit)).toMatchObject({ pending: 0, cuts: 0, recorded: COUNT, streamId })
  expect(proxy.batches()).toHaveLength(presented)
})

test('what a page has stored a moment before it is left is sent, though it was in no outage', async ({
  openPatientApp,
  site,
  proxy,
  destination,
  workerOptions,
}) => {
  const page = await openPatientApp({ backgroundSync: true })
  await installWorker(page, site, workerOptions)
  await trackMany(page, COUNT)
  const streamId = await streamOf(page)
  // As before a link's page or a close; the page stays here, so that the browser's answer to it is no matter of chance.
  await page.evaluate(() => dispatchEvent(new Event('beforeunload')))

  await destination.until((deliveries) => countSeqs(deliveries, streamId) === COUNT)
  expect(markersOf(proveComplete(destination.deliveries, streamId))).toEqual(markers)
  expect(proxy.batches()).toEqual(byWorker(proxy.batches()))
})

test('a sync that fails is tried again by the browser, and the batch comes again with the same id and bytes', async ({
  openEager,
  browser,
  site,
  proxy,
  destination,
  workerOptions,
  syncs,
  leaveOffline,
}) => {
  const page = await openEager()
  await installWorker(page, site, workerOptions)
  const streamId = await leaveOffline(page)

  proxy.act(answerProblem('unknown_key')) // A refusal: long to wait, so the worker does not stay for it.
  await browser.setOffline(false)
  await syncs.until('waybill', 'sync event failed')
  expect(countSeqs(destination.deliveries, streamId)).toBe(0)
  const failed = byWorker(proxy.batches()).length
  expect(failed).toBeGreaterThan(0)

  proxy.pass()
  await syncs.dispatch(site.url, 'waybill') // The browser itself would come again in five minutes.
  await destination.until((deliveries) => countSeqs(deliveries, streamId) === COUNT)
  expect(markersOf(proveComplete(destination.deliveries, streamId))).toEqual(markers)
  const [first, ...repeats] = byWorker(proxy.batches()).slice(0, failed + 1) as [Seen, ...Seen[]]
  for (const repeat of repeats) {
    expect(headerOf(repeat).batchId).toBe(headerOf(first).batchId)
    expect(clientBytes(repeat)).toEqual(clientBytes(first))
  }
})

test('while a page presents a batch the worker presents nothing, and finds nothing to do after it', async ({
  openPatientApp,
  site,
  proxy,
  destination,
  workerOptions,
  syncs,
}) => {
  const page = await openPatientApp()
  await installWorker(page, site, workerOptions)
  await trackMany(page, COUNT)
  proxy.hold()
  const flushed = flush(page)
  await expect.poll(() => proxy.batches().length).toBe(1)
  const { taken } = await watchLock(page, 'waybill', 2)
  await registerSync(page, 'waybill')
  await taken
  expect(proxy.batches()).toHaveLength(1)

  proxy.pass()
  expect(await flushed).toEqual({ recorded: true })
  await syncs.until('waybill', 'Sync completed')
  expect(byWorker(proxy.batches())).toEqual([])
  expect(markersOf(proveComplete(destination.deliveries, await streamOf(page)))).toEqual(markers)
})

test('while the worker presents a batch a page presents nothing', async ({
  openPatientApp,
  site,
  proxy,
  destination,
  workerOptions,
  syncs,
}) => {
  const page = await openPatientApp()
  await installWorker(page, site, workerOptions)
  await trackMany(page, COUNT)
  proxy.hold()
  await registerSync(page, 'waybill')
  await expect.poll(() => byWorker(proxy.batches()).length).toBe(1)
  expect(await flush(page, { timeout: 2_000 })).toMatchObject({ recorded: false, pending: COUNT })
  expect(await statsOf(page)).toMatchObject({ flushing: 'elsewhere' })
  expect(proxy.batches()).toHaveLength(1)

  proxy.pass()
  await syncs.until('waybill', 'Sync completed')
  expect(await flush(page)).toEqual({ recorded: true })
  expect(proxy.batches()).toHaveLength(1)
  expect(markersOf(proveComplete(destination.deliveries, await streamOf(page)))).toEqual(markers)
})

test('without consent the worker sends nothing, and the sync is done with', async ({
  openEager,
  browser,
  site,
  proxy,
  destination,
  workerOptions,
  syncs,
  leaveOffline,
}) => {
  const page = await openEager()
  await installWorker(page, site, { ...workerOptions, consent: 'pending' })
  const streamId = await leaveOffline(page)
  proxy.pass()
  const before = proxy.batches().length
  await browser.setOffline(false)
  await syncs.until('waybill', 'Sync completed')
  expect(proxy.batches()).toHaveLength(before)
  expect(countSeqs(destination.deliveries, streamId)).toBe(0)
})

test('a page without consent asks for no sync', async ({ openPatientApp, site, workerOptions, syncs }) => {
  const page = await openPatientApp({ backgroundSync: true, consent: 'pending' })
  await installWorker(page, site, workerOptions)
  await trackMany(page, COUNT)
  await page.evaluate(() => dispatchEvent(new Event('beforeunload')))
  await registerSync(page, 'another')
  await syncs.until('another', 'Sync completed')
  expect(syncs.of('waybill')).toEqual([])
})

test('a worker that runs where no buffer is creates none', async ({ browser, site, proxy, workerOptions, syncs }) => {
  const page = await browser.newPage()
  await page.goto(site.plainPage)
  await installWorker(page, site, workerOptions)
  await registerSync(page, 'waybill')
  await syncs.until('waybill', 'Sync completed')
  expect(await page.evaluate(() => indexedDB.databases())).toEqual([])
  expect(proxy.batches()).toEqual([])
})

test.for([
  ['Background Sync', () => Reflect.deleteProperty(ServiceWorkerRegistration.prototype, 'sync')],
  ['service workers', () => Reflect.deleteProperty(Navigator.prototype, 'serviceWorker')],
] as const)(
  'in a browser without %s all is as it was',
  async ([what, spoil], { browser, site, proxy, collector, destination, workerOptions }) => {
    const page = await browser.newPage()
    const errors: Error[] = []
    page.on('pageerror', (error) => errors.push(error))
    await page.addInitScript(spoil)
    const options = { endpoint: proxy.url, writeKey: collector.writeKey, flushAt: 10, backgroundSync: true }
    await page.goto(site.appPage(options))
    if (what === 'Background Sync') await installWorker(page, site, workerOptions)
    proxy.refuse()
    await trackMany(page, COUNT)
    const streamId = await streamOf(page)
    await expect.poll(async () => (await statsOf(page)).lastError?.code).toBe('outage')
    await page.reload()

    proxy.pass()
    expect(await flush(page)).toEqual({ recorded: true })
    expect(markersOf(proveComplete(destination.deliveries, streamId))).toEqual(markers)
    expect(byWorker(proxy.batches())).toEqual([])
    expect(errors).toEqual([])
  },
)
