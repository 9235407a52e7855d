import type { Page } from 'playwright'
import { describe, expect } from 'vitest'
import { answerProblem, answerText } from '../harness/answers.ts'
import { statsOf } from '../harness/client.ts'
import type { Line } from '../harness/destination.ts'
import { proveArrival } from '../harness/prove-arrival.ts'
import { type Act, headerOf } from '../harness/proxy.ts'
import { test } from '../harness/tab-fixtures.ts'
import { beginFlush, clockOf } from '../harness/tabs.ts'

const HOUR = 3_600_000
const YEAR = 365 * 24 * HOUR

/** Tracks the next marker, and returns what the device's clock said. */
const trackAt = (page: Page, marker: number): Promise<number> =>
  page.evaluate(async (marker) => {
    const at = Date.now()
    await window.waybill.track('Marked', { marker })
    return at
  }, marker)

/** That each event says when it happened by the device's clock, wherever that went afterwards. */
function expectTimes(lines: readonly Line[], times: readonly number[]): void {
  const stamped = lines.map((line) => ('timestamp' in line ? Date.parse(line.timestamp) : Number.NaN))
  expect(stamped).toHaveLength(times.length)
  for (const [index, at] of times.entries()) expect(Math.abs((stamped[index] ?? Number.NaN) - at)).toBeLessThan(1_000)
}

describe('a device whose clock is wrong delivers, with its own times, and its skew is measured:', () => {
  test.for([
    ['25 years ahead', 25 * YEAR],
    ['25 years behind', -25 * YEAR],
    ['at the beginning of time', -Date.now()],
  ] as const)('%s', async ([_, error], { openTab, destination }) => {
    const page = await openTab({ clock: Date.now() + error })
    const times = [await trackAt(page, 1), await trackAt(page, 2)]
    const lines = await proveArrival(page, destination, 2)
    expectTimes(lines, times)
    for (const line of lines) {
      const skew = 'received' in line ? line.received?.skewMs : undefined
      expect(Math.abs((skew ?? Number.NaN) + error)).toBeLessThan(60_000)
    }
  })
})

describe('a clock that jumps while a batch waits makes nothing wait for longer than an hour:', () => {
  const askedFor = answerProblem('sink_unavailable', { retryAfter: 3_600 })
  test.for<[what: string, act: Act, jump: number]>([
    ['ahead by ten years, after an outage', answerText(502, ''), 10 * YEAR],
    ['back by ten years, after an outage', answerText(502, ''), -10 * YEAR],
    ['ahead by ten years, in a wait that was asked for', askedFor, 10 * YEAR],
    ['back by ten years, in a wait that was asked for', askedFor, -10 * YEAR],
  ])('%s', async ([_, act, jump], { openTab, proxy, destination }) => {
    const page = await openTab({ clock: Date.now(), chance: 1 })
    const times = [await trackAt(page, 1)]
    proxy.act(act)
    await beginFlush(page)
    await expect.poll(async () => (await statsOf(page)).lastError).toBeDefined()
    const before = proxy.batches().length

    await page.clock.setSystemTime((await clockOf(page)) + jump)
    times.push(await trackAt(page, 2))
    proxy.pass()
    await page.clock.fastForward(HOUR)
    await expect.poll(async () => (await statsOf(page)).pending).toBe(0)
    const next = proxy.batches()[before]
    expect(next && headerOf(next).last).toBe(1)
    expectTimes(await proveArrival(page, destination, 2), times)
  })

  test.for([
    ['ahead by ten years', 10 * YEAR],
    ['back by ten years', -10 * YEAR],
    ['back by half an hour', -HOUR / 2],
  ] as const)('%s, and the next event finds the wait over', async ([_, jump], { openTab, proxy, destination }) => {
    const page = await openTab({ clock: Date.now(), flushAt: 1 })
    proxy.act(askedFor)
    const times = [await trackAt(page, 1)]
    await expect.poll(async () => (await statsOf(page)).lastError?.code).toBe('sink_unavailable')

    proxy.pass()
    await page.clock.setSystemTime((await clockOf(page)) + jump)
    times.push(await trackAt(page, 2))
    await expect.poll(async () => (await statsOf(page)).pending).toBe(0)
    expectTimes(await proveArrival(page, destination, 2), times)
  })

  test('to and fro, through many outages', async ({ openTab, proxy, destination }) => {
    const page = await openTab({ clock: Date.now(), chance: 1 })
    const times: number[] = []
    proxy.act(answerText(502, ''))
    for (const [index, jump] of [YEAR, -3 * YEAR, HOUR / 2, -HOUR / 2, 5 * YEAR, -2 * YEAR].entries()) {
      times.push(await trackAt(page, index + 1))
      const before = proxy.batches().length
      if (index === 0) await beginFlush(page)
      await page.clock.setSystemTime((await clockOf(page)) + jump)
      await page.clock.fastForward(HOUR)
      await expect.poll(() => proxy.batches().length).toBeGreaterThan(before)
      await expect.poll(async () => (await statsOf(page)).retryAt).toBeDefined()
    }
    proxy.pass()
    await page.clock.fastForward(HOUR)
    await expect.poll(async () => (await statsOf(page)).pending).toBe(0)
    expectTimes(await proveArrival(page, destination, times.length), times)
  })
})

test('a buffer whose last visit was years ahead is delivered by the next visit, which is not', async ({
  openTab,
  proxy,
  destination,
}) => {
  const now = Date.now()
  const page = await openTab({ clock: now + 10 * YEAR, name: 'a-visit-from-the-future' })
  const times = [await trackAt(page, 1)]
  proxy.act(answerProblem('sink_unavailable', { retryAfter: 3_600 }))
  await beginFlush(page)
  await expect.poll(async () => (await statsOf(page)).lastError?.code).toBe('sink_unavailable')
  await page.close()

  proxy.pass()
  const nextVisit = await openTab({ clock: now, name: 'a-visit-from-the-future' })
  times.push(await trackAt(nextVisit, 2))
  expectTimes(await proveArrival(nextVisit, destination, 2), times)
})
