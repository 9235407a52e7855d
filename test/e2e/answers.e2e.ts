import { PROBLEM_TYPE } from '@waybill/protocol'
import { describe, expect } from 'vitest'
import { answerJson, answerProblem, answerText, toRecorded } from '../harness/answers.ts'
import { flush, statsOf, trackMany } from '../harness/client.ts'
import { proveArrival } from '../harness/prove-arrival.ts'
import { type Act, clientBytes, headerOf } from '../harness/proxy.ts'
import { test } from '../harness/tab-fixtures.ts'
import { beginFlush, toldTo } from '../harness/tabs.ts'

const COUNT = 6

const other = '0192d0c0-0000-7000-8000-000000000001:1-6'
const html = '<!doctype html><title>Welcome</title><h1>Please log in</h1>'

/** To a place that says it has the batch; a browser that follows brings the batch there, or asks with a GET. */
const redirect =
  (status: number): Act =>
  (batch, response, pass) => {
    const elsewhere = batch.path.includes('elsewhere')
    const act = elsewhere
      ? answerJson(200, toRecorded)
      : answerText(status, '', { location: '/v1/events?key=wk_dev&elsewhere' })
    return act(batch, response, pass)
  }

describe('a batch is kept, and arrives later, on', () => {
  test.for<[what: string, act: Act, code: string]>([
    ['a 200 that names no batch', answerJson(200, () => ({ recorded: COUNT, rejected: [] })), 'http_200'],
    ['a 200 that names another', answerJson(200, (header) => ({ ...toRecorded(header), batchId: other })), 'http_200'],
    ['a 200 that does not say what was rejected', answerJson(200, ({ batchId }) => ({ batchId })), 'http_200'],
    ['a captive portal’s 200', answerText(200, html), 'http_200'],
    ['an empty 200', answerText(200, ''), 'http_200'],
    ['a 204', answerText(204, ''), 'http_204'],
    ['a 201 that names it', answerJson(201, toRecorded), 'http_201'],
    ['a 202 that names another', answerJson(202, () => ({ batchId: other, retryAfter: 1 })), 'http_202'],
    ['a 202 of somebody else', answerText(202, html), 'http_202'],
    ...[301, 302, 307].map((status): [string, Act, string] => [
      `a ${status}, wherever it leads`,
      redirect(status),
      'outage',
    ]),
    ['a 304', answerText(304, ''), 'http_304'],
    ['our own 400', answerProblem('range_mismatch'), 'range_mismatch'],
    [
      'our own 400 before the header was read',
      answerProblem('body_incomplete', { batchId: undefined }),
      'body_incomplete',
    ],
    ['our own 415', answerProblem('unsupported_media_type', { batchId: undefined }), 'unsupported_media_type'],
    [
      'our own 429, of a collector that limits rates',
      answerJson(429, ({ batchId }) => ({ type: `${PROBLEM_TYPE}rate_limited`, code: 'rate_limited', batchId })),
      'rate_limited',
    ],
    ['our own 500', answerProblem('internal_error'), 'internal_error'],
    ['our own 503 without Retry-After', answerProblem('sink_unavailable'), 'sink_unavailable'],
    ...[400, 401, 403, 404, 413, 415, 429, 500, 502, 503].map((status): [string, Act, string] => [
      `somebody else’s ${status}`,
      answerText(status, html),
      `http_${status}`,
    ]),
    [
      'somebody else’s 413 that names it',
      answerJson(413, ({ batchId }) => ({ type: 'about:blank', batchId })),
      'http_413',
    ],
    ['a 503 that no page may read', (_, response) => void response.writeHead(503).end(html), 'outage'],
  ])('%s', async ([_, act, code], { openTab, proxy, destination }) => {
    const page = await openTab()
    await trackMany(page, COUNT)
    proxy.act(act)
    await beginFlush(page)
    await expect.poll(() => toldTo(page)).toContain(code)
    expect(await statsOf(page)).toMatchObject({
      pending: COUNT,
      cuts: 1,
      recorded: 0,
      rejected: 0,
      lastError: { code },
    })

    proxy.pass()
    await proveArrival(page, destination, COUNT)
    const [first, ...repeats] = proxy.batches().map(clientBytes)
    expect(repeats.length).toBeGreaterThan(0)
    for (const repeat of repeats) expect(repeat).toEqual(first)
  })
})

describe('a refusal of the whole site is told, asked about rarely, and no event is lost over it:', () => {
  test.for([
    [401, 'unknown_key'],
    [403, 'origin_not_allowed'],
    [404, 'not_found'],
  ] as const)('our own %i', async ([_, code], { openTab, proxy, destination }) => {
    const page = await openTab({ chance: 1 })
    await trackMany(page, COUNT)
    proxy.act(answerProblem(code, { batchId: undefined }))
    await beginFlush(page)
    await expect.poll(() => toldTo(page)).toEqual([code])
    const { lastError, retryAt = '', pending } = await statsOf(page)
    expect([lastError?.code, lastError?.detail, pending]).toEqual([code, `why ${code}`, COUNT])
    const wait = Date.parse(retryAt) - Date.parse(lastError?.at ?? '')
    expect(Math.round(wait / 1_000)).toBe(60)
    expect(proxy.batches()).toHaveLength(1)

    proxy.pass()
    await proveArrival(page, destination, COUNT)
    expect(proxy.batches()).toHaveLength(2)
  })
})

describe('our own 413', () => {
  const presented = (proxy: { batches(): Parameters<typeof headerOf>[0][] }) =>
    proxy.batches().map((batch) => {
      const { first, last, receipt } = headerOf(batch)
      return [`${first}-${last}`, receipt].filter((part) => part !== undefined).join(' ')
    })

  test.for(['body_too_large', 'batch_too_large', 'too_many_events'] as const)(
    '%s that names the batch has it halved until it fits, and nothing is told',
    async (code, { openTab, proxy, destination }) => {
      const page = await openTab()
      await trackMany(page, COUNT)
      proxy.act((batch, response, pass) => {
        const { first, last } = headerOf(batch)
        return last - first < 2 ? pass() : answerProblem(code)(batch, response, pass)
      })
      await proveArrival(page, destination, COUNT)
      expect(presented(proxy)).toEqual(['1-6', '1-3', '1-2', '3-3', '4-6', '4-5', '6-6'])
      expect(await toldTo(page)).toEqual([])
    },
  )

  test('leaves a batch whole that a sink has already, and one of a single event', async ({
    openTab,
    proxy,
    destination,
  }) => {
    const page = await openTab()
    await trackMany(page, COUNT)
    const answers = [answerProblem('sink_unavailable', { receipt: 'r1' }), answerProblem('batch_too_large')]
    proxy.act((batch, response, pass) => (answers.shift() ?? (() => pass()))(batch, response, pass))
    await proveArrival(page, destination, COUNT)
    expect(presented(proxy)).toEqual(['1-6', '1-6 r1', '1-6 r1'])
    expect(await toldTo(page)).toEqual(['sink_unavailable', 'batch_too_large'])

    await page.evaluate(() => window.waybill.track('Marked', { marker: 7 }))
    answers.push(answerProblem('batch_too_large'))
    await proveArrival(page, destination, 7)
    expect(presented(proxy).slice(3)).toEqual(['7-7', '7-7'])
  })

  test('of another batch is an outage', async ({ openTab, proxy, destination }) => {
    const page = await openTab()
    await trackMany(page, COUNT)
    const answers = [answerProblem('batch_too_large', { batchId: other })]
    proxy.act((batch, response, pass) => (answers.shift() ?? (() => pass()))(batch, response, pass))
    await proveArrival(page, destination, COUNT)
    expect(presented(proxy)).toEqual(['1-6', '1-6'])
  })
})

test('events that a 200 rejects by name are counted and told, and their neighbours are recorded', async ({
  openTab,
  proxy,
  destination,
}) => {
  const page = await openTab()
  await page.evaluate(() => {
    Object.assign(window, { rejections: [] as unknown[] })
    window.waybill.on('rejected', (rejection) =>
      (window as unknown as { rejections: unknown[] }).rejections.push(rejection),
    )
  })
  await trackMany(page, COUNT)
  const rejected = [{ seq: 2, messageId: 'm', code: 'invalid_event', detail: 'why' }]
  proxy.act(answerJson(200, (header) => ({ ...toRecorded(header), recorded: COUNT - 1, rejected })))
  expect(await flush(page)).toEqual({ recorded: true })
  expect(await page.evaluate(() => (window as unknown as { rejections: unknown[] }).rejections)).toEqual(rejected)
  expect(await statsOf(page)).toMatchObject({ pending: 0, recorded: COUNT - 1, rejected: 1 })
  expect(destination.faults).toEqual([])
})
