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
  if (seconds > 2) {
    await page.clock.fastForward((seconds - 2) * 1_000)
    await statsOf(page)
  }
  await page.clock.fastForward(2_000)
}

describe('a 503 of ours is presented again', () => {
  test.for<[text: string | undefined, inBody: unknown, seconds: number]>([
    ['120', undefined, 120],
    [undefined, 90, 90],
    ['7', 50, 7],
    [httpDate(NOON + 45_000), undefined, 45],
    ['Fri, 31 Dec 9999 23:59:59 GMT', undefined, 3_600],
    ['86400', undefined, 3_600],
    [undefined, 1e12, 3_600],
    // None of these is a time to wait until: our own back-off begins, with a second.
    [undefined, undefined, 1],
    ['0', undefined, 1],
    ['-30', undefined, 1],
    [undefined, -30, 1],
    [httpDate(NOON - 45_000), undefined, 1],
    ['soon', undefined, 1],
    [undefined, { seconds: 5 }, 1],
  ])(
    'whose Retry-After is %s, and in its body %j, after %i s',
    async ([text, retryAfter, seconds], { openTab, proxy, destination }) => {
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
  expect(await flush(page, { timeout: 100 })).toEqual({ recorded: false, pending: COUNT, reason: 'sink_unavailable' })
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
  while ((await statsOf(page)).pending > 0) {
    const before = proxy.batches().length
    await expect.poll(async () => (await statsOf(page)).retryAt).toBeDefined()
    expect(await statsOf(page)).toMatchObject({ pending: COUNT, recorded: 0, lastError: undefined })
    await page.clock.fastForward(20_000)
    await presented(proxy, before + 1)
    await expect.poll(async () => (await statsOf(page)).retryAt ?? (await statsOf(page)).pending).not.toBe(COUNT)
  }

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
