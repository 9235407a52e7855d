import type { Page } from 'playwright'
import { describe, expect } from 'vitest'
import { answerJson, answerProblem, answerText } from '../harness/answers.ts'
import { flush, statsOf, trackMany } from '../harness/client.ts'
import { proveArrival } from '../harness/prove-arrival.ts'
import { type Act, clientBytes, headerOf, type Seen } from '../harness/proxy.ts'
import { test } from '../harness/tab-fixtures.ts'
import { beginFlush, toldTo } from '../harness/tabs.ts'

const COUNT = 6
const NOON = Date.parse('2026-11-22T12:00:00.000Z')
const httpDate = (ms: number) => new Date(ms).toUTCString()

/** Does one thing after another with the batches, and then hands all of them on. */
const inTurn = (...acts: Act[]): Act => {
  const left = [...acts]
  return (batch, response, pass) => (left.shift() ?? (() => pass()))(batch, response, pass)
}

const presented = (proxy: { batches(): Seen[] }, count: number) => expect.poll(() => proxy.batches().length).toBe(count)

/** The seconds between two presentations, by the device's clock. */
const secondsBetween = ([before, after]: Seen[]): number => {
  const [from = 0, to = 0] = [before, after].map((batch) => batch && Date.parse(headerOf(batch).sentAt))
  return (to - from) / 1_000
}

/** Turns the clock to just before a batch is due, and then to when it is. */
async function waitOut(page: Page, seconds: number): Promise<void> {
  await statsOf(page) // The wait is stored a moment before its timer is set.
  if (seconds > 2) {
    await page.clock.fastForward((seconds - 2) * 1_000)
    await statsOf(page)
  }
  await page.clock.fastForward(2_000)
}

describe('a 503 of ours is presented again', () => {
  test.for<[seconds: number, what: string, text: string | undefined, inBody?: unknown]>([
    [120, 'seconds in the header', '120'],
    [90, 'seconds in the body only', undefined, 90],
    [7, 'seconds in both, of which the header’s count', '7', 50],
    [45, 'an HTTP date', httpDate(NOON + 45_000)],
    [3_600, 'an HTTP date in the year 9999', 'Fri, 31 Dec 9999 23:59:59 GMT'],
    [3_600, 'a day', '86400'],
    [3_600, 'thousands of years in the body', undefined, 1e12],
    // None of these is a time to wait until: our own back-off begins, with a second.
    [1, 'nothing', undefined],
    [1, 'no time at all', '0'],
    [1, 'less than none', '-30'],
    [1, 'less than none in the body', undefined, -30],
    [1, 'an HTTP date that is past', httpDate(NOON - 45_000)],
    [1, 'nonsense', 'soon'],
    [1, 'nonsense in the body', undefined, { seconds: 5 }],
  ])(
    'after %i s when its Retry-After is %s',
    async ([seconds, _, text, retryAfter], { openTab, proxy, destination }) => {
      const page = await openTab({ clock: NOON, chance: 1 })
      await trackMany(page, COUNT)
      const headers = text === undefined ? {} : { 'retry-after': text }
      proxy.act(inTurn(answerProblem('sink_unavailable', { retryAfter }, headers)))
      await beginFlush(page)
      await expect.poll(async () => (await statsOf(page)).lastError?.code).toBe('sink_unavailable')

      await waitOut(page, seconds)
      await presented(proxy, 2)
      const waited = secondsBetween(proxy.batches())
      // An HTTP date is of whole seconds, and some of the first passes before the answer comes.
      expect(waited).toBeGreaterThan(seconds - 1.5)
      expect(waited).toBeLessThan(seconds + 4)
      await proveArrival(page, destination, COUNT)
    },
  )
})

test('an asked-for wait outlives a reload, and an explicit flush does not cut it short', async ({
  openTab,
  proxy,
  destination,
}) => {
  const page = await openTab({ clock: NOON })
  await trackMany(page, COUNT)
  proxy.act(inTurn(answerProblem('sink_unavailable', { retryAfter: 600 })))
  await beginFlush(page)
  await expect.poll(async () => (await statsOf(page)).lastError?.code).toBe('sink_unavailable')
  const { retryAt } = await statsOf(page)
  await page.reload()
  expect(await statsOf(page)).toMatchObject({ retryAt, pending: COUNT })
  expect(await flush(page, { timeout: 1_000 })).toEqual({ recorded: false, pending: COUNT, reason: 'sink_unavailable' })
  expect(proxy.batches()).toHaveLength(1)

  await page.clock.fastForward(600_000)
  await presented(proxy, 2)
  await proveArrival(page, destination, COUNT)
})

test('a collector that answers 202 for minutes is asked again and again, and nobody is told of trouble', async ({
  openTab,
  proxy,
  destination,
}) => {
  const page = await openTab({ clock: NOON })
  await trackMany(page, COUNT)
  const until = NOON + 5 * 60_000
  const accepted = answerJson(202, ({ batchId }) => ({ batchId, retryAfter: 20 }), { 'retry-after': '20' })
  proxy.act((batch, response, pass) =>
    Date.parse(headerOf(batch).sentAt) < until ? accepted(batch, response, pass) : pass(),
  )
  await beginFlush(page)
  for (let presentations = 1; presentations <= 15; presentations++) {
    await presented(proxy, presentations)
    await expect.poll(async () => (await statsOf(page)).retryAt).toBeDefined()
    expect(await statsOf(page)).toMatchObject({ pending: COUNT, recorded: 0, lastError: undefined })
    await page.clock.fastForward(20_000)
  }
  await expect.poll(async () => (await statsOf(page)).pending).toBe(0)

  expect(proxy.batches()).toHaveLength(16)
  expect(new Set(proxy.batches().map((batch) => clientBytes(batch).toString())).size).toBe(1)
  expect(await toldTo(page)).toEqual([])
  await proveArrival(page, destination, COUNT)
})

test('a 202 that names no time is asked again after a second', async ({ openTab, proxy, destination }) => {
  const page = await openTab({ clock: NOON })
  await trackMany(page, COUNT)
  proxy.act(inTurn(answerJson(202, ({ batchId }) => ({ batchId }))))
  await beginFlush(page)
  await presented(proxy, 2)
  expect(secondsBetween(proxy.batches())).toBeGreaterThanOrEqual(1)
  await proveArrival(page, destination, COUNT)
})

test('a receipt is carried by every later presentation of its batch, over answers without one and a reload, and by no other batch', async ({
  openTab,
  proxy,
  destination,
}) => {
  const page = await openTab()
  await trackMany(page, COUNT)
  const soon = { retryAfter: 0.01 }
  proxy.act(
    inTurn(
      answerText(503, 'r0'),
      answerProblem('sink_unavailable', { ...soon, receipt: 'r1' }),
      answerProblem('sink_unavailable', soon),
      answerJson(202, ({ batchId }) => ({ batchId, ...soon, receipt: 'r2' })),
      answerJson(202, ({ batchId }) => ({ batchId, ...soon })),
      answerProblem('sink_unavailable', { ...soon, batchId: 'another', receipt: 'r9' }),
      answerProblem('sink_unavailable', { ...soon, receipt: 9 }),
      answerProblem('sink_unavailable', { retryAfter: 2 }),
    ),
  )
  const receipts = () => proxy.batches().map((batch) => headerOf(batch).receipt)
  await beginFlush(page)
  await presented(proxy, 8)
  await expect.poll(async () => (await statsOf(page)).retryAt).toBeDefined()
  await page.reload()
  await presented(proxy, 9)
  expect(receipts()).toEqual([undefined, undefined, 'r1', 'r1', 'r2', 'r2', 'r2', 'r2', 'r2'])

  await flush(page)
  await page.evaluate(() => window.waybill.track('Marked', { marker: 7 }))
  await proveArrival(page, destination, COUNT + 1)
  expect(receipts().slice(9)).toEqual([undefined])
})
