import type { Page } from 'playwright'
import { expect } from 'vitest'
import { flush, markersOf, statsOf, streamOf, trackRange } from '../harness/client.ts'
import { countSeqs, proveComplete } from '../harness/completeness.ts'
import { debuggerOf, withoutWebLocks } from '../harness/faults.ts'
import { type Act, clientBytes, headerOf, type Seen } from '../harness/proxy.ts'
import { readStored, recordOf } from '../harness/stored.ts'
import { test } from '../harness/tab-fixtures.ts'
import { beginFlush } from '../harness/tabs.ts'

const TABS = 4
const EACH = 100

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** Tracks one event after the other, so that the tabs' writes interleave. */
const trackOneByOne = (page: Page, from: number, to: number) =>
  page.evaluate(
    async ([from, to]) => {
      for (let marker = from; marker <= to; marker++) await window.waybill.track('Marked', { marker })
    },
    [from, to] as const,
  )

/** Keeps each batch until it is released, and hands it on then. */
function holdEach() {
  const held: { batch: Seen; release: () => void }[] = []
  const act: Act = async (batch, _response, pass) => {
    await new Promise<void>((release) => held.push({ batch, release }))
    await pass()
  }
  return { held, act }
}

test(`${TABS} tabs without Web Locks, ${EACH} events each: one presents at a time, and each event arrives once`, async ({
  openTab,
  proxy,
  destination,
}) => {
  const options = { name: 'leased', flushAt: 10, flushInterval: 100, prepare: withoutWebLocks }
  const tabs = await Promise.all(numbers(1, TABS).map(() => openTab(options)))
  expect(await Promise.all(tabs.map((tab) => tab.evaluate(() => 'locks' in navigator && navigator.locks)))).toEqual(
    tabs.map(() => undefined),
  )
  let presenting = 0
  let most = 0
  proxy.act(async (_batch, _response, pass) => {
    presenting += 1
    most = Math.max(most, presenting)
    await pass()
    presenting -= 1
  })
  await Promise.all(tabs.map((tab, index) => trackOneByOne(tab, index * EACH + 1, (index + 1) * EACH)))

  const [tab] = tabs as [Page]
  const streamId = await streamOf(tab)
  await destination.until((deliveries) => countSeqs(deliveries, streamId) === TABS * EACH)
  await expect.poll(() => statsOf(tab)).toMatchObject({ pending: 0, recorded: TABS * EACH })
  expect(most).toBe(1)
  const presented = proxy.batches().map((batch) => headerOf(batch).batchId)
  expect(presented).toEqual([...new Set(presented)])
  const markers = markersOf(proveComplete(destination.deliveries, streamId)) as number[]
  for (const index of tabs.keys()) {
    const own = numbers(index * EACH + 1, (index + 1) * EACH)
    expect(markers.filter((marker) => own.includes(marker))).toEqual(own)
  }
})

test('a tab that crashes while it presents a batch, without Web Locks, is followed by another when its lease is over', async ({
  browser,
  site,
  collector,
  proxy,
  destination,
}) => {
  const [flusher, other] = [await browser.newPage(), await browser.newPage()]
  await other.clock.install()
  const options = { flushAt: 1_000_000, endpoint: proxy.url, writeKey: collector.writeKey }
  for (const page of [flusher, other]) {
    await withoutWebLocks(page)
    await page.goto(site.appPage(options))
    await flush(page)
  }
  await trackRange(flusher, 1, 5)
  const streamId = await streamOf(flusher)
  const { held, act } = holdEach()
  proxy.act(act)
  await beginFlush(flusher)
  await expect.poll(() => held.length).toBe(1)
  await beginFlush(other)
  expect((await statsOf(other)).flushing).toBe('elsewhere')

  const crashed = new Promise((resolve) => flusher.once('crash', resolve))
  const session = await debuggerOf(flusher)
  session.send('Page.crash').catch(() => {}) // Nobody is left to answer.
  await crashed
  await flusher.close()

  await trackRange(other, 6)
  await other.clock.fastForward(30_000)
  expect(await statsOf(other)).toMatchObject({ flushing: 'elsewhere', pending: 6 })
  expect(held).toHaveLength(1)
  await other.clock.fastForward(15_000)
  await expect.poll(() => held.length).toBe(2)
  expect((await statsOf(other)).flushing).toBe('here')
  const [first, second] = proxy.batches() as [Seen, Seen]
  expect([headerOf(first), headerOf(second)]).toMatchObject([
    { batchId: `${streamId}:1-5`, attempt: 1 },
    { batchId: `${streamId}:1-5`, attempt: 2 },
  ])
  expect(clientBytes(second)).toEqual(clientBytes(first))

  proxy.pass()
  for (const { release } of held) release()
  expect(await flush(other)).toEqual({ recorded: true })
  expect(markersOf(proveComplete(destination.deliveries, streamId))).toEqual([1, 2, 3, 4, 5, 6])
  expect(await statsOf(other)).toMatchObject({ pending: 0, recorded: 6 })
})

/**
 * Tells a page what a browser tells one that it freezes or thaws. Chromium itself freezes no page that is driven: each
 * of them counts as looked at.
 */
const tell = (page: Page, event: 'freeze' | 'resume') =>
  page.evaluate((event) => document.dispatchEvent(new Event(event)), event)

/** From now on: resolves, in an object of its own, when the page has read a collector's answer to its end. */
async function watchAnswers(page: Page): Promise<{ heard: Promise<void> }> {
  const watched = await page.evaluateHandle(() => {
    const heard = new Promise<void>((resolve) => {
      new PerformanceObserver((list) => {
        if (list.getEntries().some(({ name }) => name.includes('/v1/events'))) resolve()
      }).observe({ type: 'resource' })
    })
    return { heard }
  })
  return { heard: watched.evaluate(({ heard }) => heard) }
}

test('a tab that is frozen while it presents a batch is followed by another, and what it decides when it thaws does not count', async ({
  openTab,
  proxy,
  destination,
}) => {
  const name = 'frozen'
  const [flusher, other] = [await openTab({ name }), await openTab({ name })]
  for (const page of [flusher, other]) {
    await page.evaluate(() => {
      window.told = []
      window.waybill.on('recorded', ({ batchId }) => window.told.push(batchId))
    })
  }
  await trackRange(flusher, 1, 5)
  const streamId = await streamOf(flusher)
  const { held, act } = holdEach()
  proxy.act(act)
  await beginFlush(flusher)
  await expect.poll(() => held.length).toBe(1)
  await tell(flusher, 'freeze')

  await trackRange(other, 6, 7)
  await beginFlush(other)
  await expect.poll(() => held.length).toBe(2)
  const [late, current] = held as [(typeof held)[0], (typeof held)[0]]
  const batchId = `${streamId}:1-5`
  expect([headerOf(late.batch).batchId, headerOf(current.batch).batchId]).toEqual([batchId, batchId])

  // The frozen tab's batch is recorded, and it learns of that when it thaws.
  const { heard } = await watchAnswers(flusher)
  late.release()
  await heard
  await tell(flusher, 'resume')
  await trackRange(flusher, 8)
  expect(await statsOf(flusher)).toMatchObject({ pending: 8, recorded: 0, cuts: 1, flushing: 'elsewhere' })
  expect(recordOf(await readStored(flusher, name), 'cuts')).toMatchObject({ list: [{ batchId, attempt: 2 }] })

  proxy.pass()
  current.release()
  expect(await flush(other)).toEqual({ recorded: true })
  expect(markersOf(proveComplete(destination.deliveries, streamId))).toEqual(numbers(1, 8))
  expect(await statsOf(other)).toMatchObject({ pending: 0, recorded: 8 })
  const told = (page: Page) => page.evaluate(() => window.told)
  const all = [...(await told(flusher)), ...(await told(other))]
  expect(all.filter((one) => one === batchId)).toHaveLength(1)
  expect(await told(flusher)).not.toContain(batchId)
})
