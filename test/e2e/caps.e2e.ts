import type { Page } from 'playwright'
import { expect } from 'vitest'
import { beginOutage, flush, inShort, markersOf, statsOf, streamOf, trackRange } from '../harness/client.ts'
import { countSeqs, proveComplete } from '../harness/completeness.ts'
import { scale } from '../harness/scale.ts'
import { linesOf, readStored } from '../harness/stored.ts'
import { test } from '../harness/tab-fixtures.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

type Told = { events: number; reason: string }

declare global {
  interface Window {
    shed: Told[]
    /** In ms. */
    longTasks: number[]
  }
}

/** Takes down what the app is told of what gives way. */
const listenToShed = (page: Page) =>
  page.evaluate(() => {
    window.shed = []
    window.waybill.on('shed', (shed) => window.shed.push(shed))
  })

/** How many events the app was told of, all in all. */
const toldOf = (page: Page, reason: string) =>
  page.evaluate(
    (reason) => window.shed.reduce((sum, told) => sum + (told.reason === reason ? told.events : 0), 0),
    reason,
  )

/** Tracks events of some 2,000 bytes, one after the other: marker by marker with its priority. */
const trackPrioritised = (page: Page, events: [marker: number, priority: 'low' | 'normal' | 'high'][]) =>
  page.evaluate(async (events) => {
    for (const [marker, priority] of events) {
      await window.waybill.track('Marked', { marker, filling: 'x'.repeat(700) }, { priority })
    }
  }, events)

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

test('a buffer that is full sheds the oldest of the lowest priority, never from a cut, and says so in its place', async ({
  openTab,
  proxy,
  destination,
}) => {
  const maxBytes = 40_000
  const name = 'full'
  const page = await openTab({ name, maxBytes })
  await listenToShed(page)
  await beginOutage(page, proxy, () =>
    trackPrioritised(page, [
      [1, 'low'],
      [2, 'low'],
      [3, 'normal'],
    ]),
  )
  const priorities = ['high', 'normal', 'low', 'normal'] as const
  const priorityOf = (marker: number) => (marker <= 2 ? 'low' : marker === 3 ? 'normal' : priorities[marker % 4])
  await trackPrioritised(
    page,
    numbers(4, 43).map((marker) => [marker, priorityOf(marker) ?? 'normal']),
  )
  await expect.poll(async () => (await statsOf(page)).bytes).toBeLessThanOrEqual(maxBytes)
  const { shed } = await statsOf(page)
  expect(await toldOf(page, 'cap')).toBe(shed)
  const stored = linesOf(await readStored(page, name)).reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0)
  expect((await statsOf(page)).bytes).toBe(stored)

  proxy.pass()
  expect(await flush(page)).toEqual({ recorded: true })
  const lines = proveComplete(destination.deliveries, await streamOf(page))
  const kept = markersOf(lines).filter((marker) => typeof marker === 'number')
  const lost = numbers(1, 43).filter((marker) => !kept.includes(marker))
  expect(lost).toHaveLength(shed)
  // What was cut is all there.
  expect(inShort(lines).slice(0, 3)).toEqual(['1 1', '2 2', '3 3'])
  // All that were low had to go before one that is normal, but for those that came after the last shedding.
  const [low, normal, high] = (['low', 'normal', 'high'] as const).map((priority) =>
    lost.filter((marker) => priorityOf(marker) === priority),
  )
  expect(high).toEqual([])
  expect(normal?.length).toBeGreaterThan(0)
  expect(low).toEqual(numbers(4, low?.at(-1) ?? 0).filter((marker) => priorityOf(marker) === 'low'))
  expect(normal).toEqual(numbers(4, normal?.at(-1) ?? 0).filter((marker) => priorityOf(marker) === 'normal'))
  expect(low?.at(-1)).toBeGreaterThan(normal?.at(-1) ?? 0)
  expect(lines.filter((line) => line.type === 'shed').every((line) => 'reason' in line && line.reason === 'cap')).toBe(
    true,
  )
  expect(await statsOf(page)).toMatchObject({ shed, pending: 0, bytes: 0, rejected: 0, dropped: 0 })
})

test('what has waited for too long is shed once the clock has said so for a day; one jump of the clock sheds nothing', async ({
  browser,
  site,
  collector,
  proxy,
  destination,
}) => {
  const page = await browser.newPage()
  const start = Date.parse('2026-01-05T10:00:00.000Z')
  await page.clock.install({ time: start })
  const options = { flushAt: 1_000_000, flushInterval: 3_600_000, maxAge: 7 * DAY, name: 'aged' }
  await page.goto(site.appPage({ endpoint: proxy.url, writeKey: collector.writeKey, ...options }))
  await flush(page)
  await listenToShed(page)
  await beginOutage(page, proxy, () => trackRange(page, 1, 2))
  await trackRange(page, 3, 5)
  /** Since which hour, from the start, the clock has said that something has waited for too long. */
  const overdueSince = async () => {
    const [, cuts] = (await readStored(page, 'aged')).find(([key]) => key === 'cuts') ?? []
    const { overdueSince } = Object(cuts)
    return overdueSince && Math.floor((overdueSince - start) / HOUR)
  }
  const comeToFront = () => page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow')))
  /** The page comes to the front again, and looks whether there is something to shed. */
  const look = async (overdue: number | undefined) => {
    await comeToFront()
    await expect.poll(overdueSince).toBe(overdue)
  }

  // The clock jumps years ahead and back.
  await page.clock.setSystemTime(start + 1_000 * DAY)
  await look(24_000)
  await page.clock.setSystemTime(start + 1_000 * DAY + HOUR)
  await look(24_000)
  await page.clock.setSystemTime(start + DAY)
  await trackRange(page, 6)
  await look(undefined)
  expect(await statsOf(page)).toMatchObject({ shed: 0, pending: 6 })

  // Time passes: 8 days after the first events, 7 after the sixth.
  await page.clock.setSystemTime(start + 7 * DAY + HOUR)
  await look(169)
  expect(await statsOf(page)).toMatchObject({ shed: 0, pending: 6 })
  await page.clock.setSystemTime(start + 8 * DAY + 2 * HOUR)
  await trackRange(page, 7)
  await comeToFront()
  await expect.poll(() => toldOf(page, 'age')).toBe(4)
  expect(await statsOf(page)).toMatchObject({ shed: 4 })

  proxy.pass()
  expect(await flush(page)).toEqual({ recorded: true })
  const lines = proveComplete(destination.deliveries, await streamOf(page))
  expect(inShort(lines)).toEqual(['1 1', '2 2', '3-6 shed age', '7 7'])
})

const COUNT = scale > 1 ? 100_000 : 5_000

test(`a buffer of ${COUNT} events is delivered completely, in order, while the page goes on`, async ({
  openTab,
  proxy,
  destination,
}) => {
  const BURST = 500
  const page = await openTab({ maxBytes: 1_000_000_000 })
  proxy.refuse()
  await page.evaluate(() => {
    window.longTasks = []
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longTasks.push(duration)
    }).observe({ entryTypes: ['longtask'] })
  })
  const stored = Date.now()
  const durable = await page.evaluate(
    async ([count, burst]) => {
      let durable = 0
      for (let from = 1; from <= count; from += burst) {
        const markers = Array.from({ length: Math.min(burst, count - from + 1) }, (_, index) => from + index)
        const results = await Promise.all(markers.map((marker) => window.waybill.track('Marked', { marker })))
        durable += results.filter(({ status }) => status === 'durable').length
      }
      return durable
    },
    [COUNT, BURST] as const,
  )
  expect(durable).toBe(COUNT)
  const storing = Date.now() - stored
  const streamId = await streamOf(page)

  proxy.pass()
  const sent = Date.now()
  expect(await flush(page, { timeout: 600_000 })).toEqual({ recorded: true })
  const sending = Date.now() - sent
  expect(countSeqs(destination.deliveries, streamId)).toBe(COUNT)
  expect(markersOf(proveComplete(destination.deliveries, streamId))).toEqual(numbers(1, COUNT))
  expect(await statsOf(page)).toMatchObject({ pending: 0, bytes: 0, recorded: COUNT, shed: 0, dropped: 0 })
  const long = await page.evaluate(() => window.longTasks)
  console.log(
    `${COUNT} events: stored in ${storing} ms, sent in ${sending} ms, ${long.length} tasks of over 50 ms, the longest ${Math.max(0, ...long)} ms`,
  )
})
