import { describe, expect, test } from 'vitest'
import { deliverable, lineOf, STREAM, tombstoneOf } from '../../test/batches.ts'
import { fakeSegment } from '../../test/sinks/fake-segment.ts'
import { ConfigurationError } from '../core/configuration-error.ts'
import type { Fetch } from '../core/http.ts'
import { segmentSink } from './segment-sink.ts'

const { signal } = new AbortController()
const options = { url: 'https://api.segment.io/v1/batch', writeKey: 'abc123' }

function setUp() {
  const segment = fakeSegment('abc123')
  return { segment, sink: segmentSink({ ...options, fetch: segment.fetch }) }
}

async function callsOf(...lines: string[]) {
  const { segment, sink } = setUp()
  expect(await sink.deliver(await deliverable(1, lines.length, lines), signal)).toEqual({ ok: true, value: undefined })
  return [...segment.calls.values()]
}

describe('an event becomes a call', () => {
  test('with the members of the Segment Spec as they were, and ours in context.waybill', async () => {
    const ours = {
      monotonic: { boot: 'b-1', ms: 5 },
      span: { id: 's-1', startedAt: '2026-11-22T09:59:00.000Z', duration: 60_000, outcome: 'completed' },
      state: { session: { number: 2 } },
      received: { at: '2026-11-22T10:00:01.000Z' },
    }
    const spec = {
      userId: 'u-1',
      integrations: { All: false, Mixpanel: true },
      context: { locale: 'de', library: { name: '@waybill/browser', version: '0.1.0' } },
    }
    expect(await callsOf(lineOf(1, { ...spec, ...ours }))).toEqual([
      {
        type: 'track',
        event: 'Order Completed',
        messageId: `${STREAM}.1`,
        anonymousId: 'a-1',
        timestamp: '2026-11-22T10:00:00.000Z',
        properties: { total: 42 },
        ...spec,
        context: { ...spec.context, waybill: { streamId: STREAM, seq: 1, ...ours } },
      },
    ])
  })

  test.each([
    ['identify', { userId: 'u-1', traits: { plan: 'pro' } }],
    ['group', { groupId: 'g-1', traits: { seats: 3 } }],
    ['alias', { userId: 'u-1', previousId: 'a-1' }],
    ['page', { name: 'Home', category: 'Docs', properties: { path: '/' } }],
    ['screen', { name: 'Home', properties: { tab: 1 } }],
  ])('%s keeps its own members', async (type, members) => {
    const [call] = await callsOf(lineOf(1, { type, event: undefined, properties: undefined, ...members }))
    expect(call).toMatchObject({ type, ...members })
    expect(call).not.toHaveProperty('event')
  })
})

test('tombstones are left out, and the gap shows in context.waybill', async () => {
  const calls = await callsOf(lineOf(1), tombstoneOf(2, { type: 'rejected', reason: 'event_too_large' }), lineOf(3))
  expect(calls.map(({ context }) => context.waybill.seq)).toEqual([1, 3])
})

test('a batch that is more than a request may hold is posted as several, in order', async () => {
  const { segment, sink } = setUp()
  const large = { properties: { text: 'x'.repeat(30_000) } }
  const lines = Array.from({ length: 20 }, (_, index) => lineOf(index + 1, large))
  expect((await sink.deliver(await deliverable(1, 20, lines), signal)).ok).toBe(true)
  expect(segment.requests.map(({ length }) => length)).toEqual([16, 4])
  expect([...segment.calls.values()].map(({ context }) => context.waybill.seq)).toEqual(
    lines.map((_, index) => index + 1),
  )
})

test('a request that fails after others were taken leaves the batch with the client, and its repeat doubles nothing', async () => {
  const { segment } = setUp()
  let requests = 0
  const fetch: Fetch = async (...request) =>
    ++requests === 2 ? new Response(null, { status: 503, headers: { 'Retry-After': '3' } }) : segment.fetch(...request)
  const sink = segmentSink({ ...options, fetch })
  const large = { properties: { text: 'x'.repeat(30_000) } }
  const batch = await deliverable(
    1,
    20,
    Array.from({ length: 20 }, (_, index) => lineOf(index + 1, large)),
  )
  expect(await sink.deliver(batch, signal)).toEqual({
    ok: false,
    fault: { kind: 'transient', detail: 'answered 503', retryAfter: 3 },
  })
  expect(segment.calls.size).toBe(16)
  expect((await sink.deliver(batch, signal)).ok).toBe(true)
  expect(segment.calls.size).toBe(20)
})

test('an event of more than 32 KB is refused, and nothing is posted with it', async () => {
  const { segment, sink } = setUp()
  const lines = [lineOf(1), lineOf(2, { properties: { text: 'ü'.repeat(16_300) } })]
  expect(await sink.deliver(await deliverable(1, 2, lines), signal)).toEqual({
    ok: false,
    fault: { kind: 'refused', seqs: [2], detail: 'more than 32768 bytes' },
  })
  expect(segment.requests).toEqual([])
})

test('of a request that is turned away, the events are refused that are turned away on their own', async () => {
  const { segment, sink } = setUp()
  segment.destination.refuses = [3, 7]
  expect(await sink.deliver(await deliverable(1, 9), signal)).toMatchObject({
    fault: { kind: 'refused', seqs: [3, 7] },
  })
})

test.each<[what: string, events: number, bad: (seq: number) => boolean]>([
  ['the first three', 9, (seq) => seq <= 3],
  ['the first forty', 50, (seq) => seq <= 40],
  ['all but the last', 20, (seq) => seq < 20],
  ['every other', 500, (seq) => seq % 2 === 1],
])('bad events do not hold up the good ones of their batch: %s', async (_, events, bad) => {
  const { segment, sink } = setUp()
  const seqs = Array.from({ length: events }, (_, index) => index + 1)
  segment.destination.refuses = seqs.filter(bad)
  expect(await sink.deliver(await deliverable(1, events), signal)).toMatchObject({
    fault: { kind: 'refused', seqs: seqs.filter(bad) },
  })
  const taken = [...segment.calls.values()].map(({ context }) => context.waybill.seq)
  expect(taken.toSorted((one, other) => one - other)).toEqual(seqs.filter((seq) => !bad(seq)))
})

test('whoever turns everything away has something against us: no event is refused, and it is not asked for each', async () => {
  let requests = 0
  const fetch: Fetch = async () => {
    requests += 1
    return new Response('{}', { status: 400 })
  }
  const sink = segmentSink({ ...options, fetch })
  const fault = { kind: 'transient', detail: 'answered 400 or 413 to every event' }
  expect(await sink.deliver(await deliverable(1, 1), signal)).toEqual({ ok: false, fault })
  requests = 0
  expect(await sink.deliver(await deliverable(1, 30), signal)).toEqual({ ok: false, fault })
  requests = 0
  expect(await sink.deliver(await deliverable(1, 500), signal)).toEqual({
    ok: false,
    fault: { kind: 'transient', detail: 'answered 400 or 413 to each of 64 requests' },
  })
  expect(requests).toBe(64)
})

test.each([
  ['taken', 200],
  ['turned away', 400],
  ['out of order', 503],
])('the body of an answer is never left unread, and no redirect is followed: %s', async (_, status) => {
  const requests: { init: RequestInit; answer: Response; cancelled: boolean }[] = []
  const fetch: Fetch = async (_, init) => {
    const body = new ReadableStream({
      start: (controller) => (status === 200 ? controller.close() : undefined),
      cancel() {
        request.cancelled = true
      },
    })
    const request = { init, answer: new Response(body, { status }), cancelled: false }
    requests.push(request)
    return request.answer
  }
  await segmentSink({ ...options, fetch }).deliver(await deliverable(1, 1), signal)
  expect(requests).toHaveLength(1)
  expect(requests[0]?.answer.bodyUsed || requests[0]?.cancelled).toBe(true)
  expect(requests[0]?.init.redirect).toBe('manual')
})

test.each([
  ['{"ok":false,"receivedEvents":1,"okEvents":0,"errors":["Message ID: m-1: event error"]}'],
  ['{"success": false}'],
])('a 200 that says that not all was taken leaves the batch with the client: %s', async (body) => {
  const fetch: Fetch = async () => new Response(body)
  expect(await segmentSink({ ...options, fetch }).deliver(await deliverable(1, 1), signal)).toEqual({
    ok: false,
    fault: { kind: 'transient', detail: 'answered 200 and that it did not take all' },
  })
})

test.each(['{"success": true}', '{"ok":true,"receivedEvents":1,"okEvents":1}', 'OK', ''])(
  'a 200 with %j is taken',
  async (body) => {
    const fetch: Fetch = async () => new Response(body)
    expect((await segmentSink({ ...options, fetch }).deliver(await deliverable(1, 1), signal)).ok).toBe(true)
  },
)

test.each<[what: string, change: object, message: string]>([
  ['http to another machine', { url: 'http://api.segment.io/v1/batch' }, 'segment url: use https'],
  ['no write key', { writeKey: '' }, 'segment writeKey: use the write key'],
  ['a write key with a space', { writeKey: 'abc 123' }, 'segment writeKey: use the write key'],
  ['a write key that is not set', { writeKey: undefined }, 'segment writeKey: use the write key'],
  ['an option that there is not', { writekey: 'abc123' }, "segment: there is no setting 'writekey'"],
])('%s is refused when the sink is made', (_, change, message) => {
  expect(() => segmentSink({ ...options, ...change })).toThrow(ConfigurationError)
  expect(() => segmentSink({ ...options, ...change })).toThrow(message)
})
