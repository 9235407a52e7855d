import { hmacSha256, isDerivedStreamId, type StreamId, signKey } from '@waybill/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NOW, batchOf as ownBatchOf } from '../../test/batches.ts'
import { bombOf, gzip } from '../../test/gzip.ts'
import { type App, collectorWith, KEY, ORIGIN, present, problemOf, recordedOf, writeKey } from '../../test/present.ts'
import { type RecordingSink, recordingSink } from '../../test/recording-sink.ts'
import type { BatchLog, CollectorOptions } from '../index.ts'

const AT = '2026-11-22T09:59:59.000Z'
type Members = Record<string, unknown>

const eventOf = (marker: number, members: Members = {}): Members => ({
  type: 'track',
  event: 'Marked',
  messageId: `ajs-next-${marker}`,
  anonymousId: 'somebody',
  timestamp: AT,
  properties: { marker },
  ...members,
})

const batchOf = (count: number): Members[] => Array.from({ length: count }, (_, index) => eventOf(index + 1))

const basic = (key: string) => `Basic ${btoa(`${key}:`)}`

/** Posts as a page of ORIGIN would with an `Authorization`, but for what is said otherwise. */
function post(app: App, path: string, body: unknown, headers: Record<string, string | null> = {}): Promise<Response> {
  const isBody = typeof body === 'string' || body instanceof Uint8Array
  return present(app, isBody ? (body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(body), {
    path,
    query: { key: null },
    headers: { 'Content-Type': 'application/json', Authorization: basic(KEY), ...headers },
  })
}

async function taken(response: Response): Promise<Members> {
  expect(response.status).toBe(200)
  return response.json()
}

/** What the sink holds, without what differs by request. */
const held = (sink: RecordingSink) => sink.events().map(({ received: _, streamId: __, ...event }) => event)

const batchesOf = (sink: RecordingSink) =>
  [...sink.batches.values()].map(({ batchId, digest, header: { cutAt } }) => ({ batchId, digest, cutAt }))

describe('events of Segment’s API', () => {
  test('arrive complete, as one stream of the request, with all that the client said', async () => {
    const { app, sink } = collectorWith()
    const context = { library: { name: 'analytics.js', version: 'npm:next-1.84.3' }, page: { path: '/' } }
    const sentAt = new Date(NOW - 250).toISOString()
    const events = [
      eventOf(1, { context, integrations: { All: true } }),
      eventOf(2, { type: 'identify', userId: 'u-1', traits: { plan: 'pro' }, event: undefined }),
    ]
    expect(await taken(await post(app, '/v1/batch', { batch: events, sentAt, writeKey: KEY }))).toEqual({
      success: true,
    })
    const [first, second] = sink.events() as [Members, Members]
    const [batch] = sink.batches.values()
    expect(isDerivedStreamId(first.streamId as StreamId)).toBe(true)
    expect(batch).toMatchObject({
      batchId: `${first.streamId}:1-2`,
      keyId: 'site',
      header: { first: 1, last: 2, cutAt: AT, sdk: 'analytics.js/npm:next-1.84.3', sentAt, attempt: 1 },
    })
    const received = { at: new Date(NOW).toISOString(), batchId: batch?.batchId, sentAt, skewMs: 250 }
    expect(first).toEqual({ ...events[0], streamId: first.streamId, seq: 1, received })
    expect(second).toEqual({ ...JSON.parse(JSON.stringify(events[1])), streamId: first.streamId, seq: 2, received })
  })

  test.each([
    ['/v1/track', 'track'],
    ['/v1/t', 'track'],
    ['/v1/page', 'page'],
    ['/v1/p', 'page'],
    ['/v1/screen', 'screen'],
    ['/v1/s', 'screen'],
    ['/v1/identify', 'identify'],
    ['/v1/i', 'identify'],
    ['/v1/group', 'group'],
    ['/v1/g', 'group'],
    ['/v1/alias', 'alias'],
    ['/v1/a', 'alias'],
  ])('%s takes one event, a %s', async (path, type) => {
    const { app, sink } = collectorWith()
    await taken(await post(app, path, { ...eventOf(1), type: undefined, sentAt: AT }))
    expect(held(sink)).toEqual([{ ...eventOf(1), type, seq: 1 }])
  })

  test.each(['/v1/batch', '/v1/b', '/beacon/v1/batch'])('%s takes many', async (path) => {
    const { app, sink } = collectorWith()
    await taken(await post(app, path, { batch: batchOf(3) }))
    expect(held(sink)).toEqual(batchOf(3).map((event, index) => ({ ...event, seq: index + 1 })))
  })

  test('may be compressed', async () => {
    const { app, sink } = collectorWith()
    const body = await gzip(JSON.stringify({ batch: batchOf(20) }))
    await taken(await post(app, '/v1/batch', body, { 'Content-Encoding': 'gzip' }))
    expect(held(sink)).toHaveLength(20)
  })

  test('may come as a beacon, as text, with the key in the body or in the URL', async () => {
    const { app, sink } = collectorWith()
    const plain = { Authorization: null, 'Content-Type': 'text/plain' }
    await taken(await post(app, '/v1/t', { ...eventOf(1), writeKey: KEY }, plain))
    await taken(await post(app, '/v1/b', { batch: [eventOf(2)], writeKey: KEY }, plain))
    const url = { path: '/beacon/v1/batch', query: { key: null, writeKey: KEY }, headers: plain }
    await taken(await present(app, JSON.stringify({ batch: [eventOf(3)] }), url))
    expect(held(sink)).toEqual([1, 2, 3].map((marker) => ({ ...eventOf(marker), seq: 1 })))
  })

  test.each(['Basic Og==', 'Basic %', 'Bearer abc'])(
    'may have their key in the body beside %s',
    async (Authorization) => {
      const { app, sink } = collectorWith()
      await taken(await post(app, '/v1/t', { ...eventOf(1), writeKey: KEY }, { Authorization }))
      expect(held(sink)).toHaveLength(1)
    },
  )

  test('say nothing with null and with an empty id, and their numbers keep all their digits', async () => {
    const { app, sink } = collectorWith()
    const body = `{ "event": "Paid", "userId": null, "groupId" : "", "context": null, "anonymousId": 12345678901234567890,
      "messageId": 7, "timestamp": "${AT}", "properties": { "order": 98765432109876543210, "at": 1.50 } }`
    await taken(await post(app, '/v1/track', body))
    const [batch] = sink.batches.values()
    const [line] = (batch?.lines ?? []).map((bytes) => new TextDecoder().decode(bytes))
    expect(line?.slice(0, line.indexOf(',"received"'))).toBe(
      `{"streamId":"${batch?.header.streamId}","seq":1,"messageId":"7","type":"track","timestamp":"${AT}",` +
        `"event":"Paid","anonymousId":"12345678901234567890","properties":{"order":98765432109876543210,"at":1.50}`,
    )
  })

  test('share the context and the integrations of their batch, where they do not say otherwise', async () => {
    const { app, sink } = collectorWith()
    const context = { locale: 'de', ip: '0.0.0.0' }
    const events = [eventOf(1), eventOf(2, { context: { locale: 'en' } })]
    await taken(await post(app, '/v1/batch', { batch: events, context, integrations: { All: false } }))
    expect(sink.events().map(({ context, integrations }) => [context, integrations])).toEqual([
      [context, { All: false }],
      [{ locale: 'en', ip: '0.0.0.0' }, { All: false }],
    ])
  })

  test('have a time in UTC, and keep what they said themselves', async () => {
    const { app, sink } = collectorWith()
    const batch = [
      eventOf(1, { timestamp: '2026-11-22T11:00:00+02:00' }),
      eventOf(2, { timestamp: undefined, originalTimestamp: '2026-11-22T09:00:01Z' }),
      eventOf(3, { timestamp: undefined }),
      eventOf(4, { timestamp: 'yesterday' }),
    ]
    await taken(await post(app, '/v1/batch', { batch }))
    expect(sink.events().map(({ timestamp, originalTimestamp }) => [timestamp, originalTimestamp])).toEqual([
      ['2026-11-22T09:00:00.000Z', '2026-11-22T11:00:00+02:00'],
      ['2026-11-22T09:00:01.000Z', '2026-11-22T09:00:01Z'],
      [new Date(NOW).toISOString(), undefined],
      [undefined, undefined],
    ])
    expect(sink.events()[3]).toMatchObject({ type: 'rejected', reason: 'invalid_event', messageId: 'ajs-next-4' })
  })

  test('without a sentAt tell no skew', async () => {
    const { app, sink } = collectorWith()
    await taken(await post(app, '/v1/batch', { batch: batchOf(1) }))
    expect(sink.events()[0]?.received).toEqual({ at: new Date(NOW).toISOString(), batchId: expect.any(String) })
  })

  test('may be 32 KB large, all of it properties', async () => {
    const { app, sink } = collectorWith()
    const filler = 'x'.repeat(32_768 - JSON.stringify(eventOf(1, { properties: { filler: '' } })).length)
    await taken(await post(app, '/v1/track', eventOf(1, { properties: { filler } })))
    expect(held(sink)).toEqual([{ ...eventOf(1, { properties: { filler } }), seq: 1 }])
  })

  test('may be 2,500 in a request, and sinks get batches of the usual size, of one stream', async () => {
    const { app, sink } = collectorWith()
    const batch = Array.from({ length: 2_500 }, (_, index) => eventOf(index + 1, { properties: {} }))
    await taken(await post(app, '/v1/batch', { batch }))
    const [streamId] = new Set(sink.events().map(({ streamId }) => streamId))
    expect([...sink.batches.keys()]).toEqual(
      [1, 501, 1001, 1501, 2001].map((first) => `${streamId}:${first}-${first + 499}`),
    )
    expect(await problemOf(await post(app, '/v1/batch', { batch: [...batch, eventOf(0)] }))).toMatchObject({
      code: 'too_many_events',
    })
  })

  test('may be none', async () => {
    const { app, sink } = collectorWith()
    expect(await taken(await post(app, '/v1/batch', { batch: [] }))).toEqual({ success: true })
    expect(sink.batches.size).toBe(0)
  })
})

describe('the same request again', () => {
  test.each<[what: string, metadata: object | undefined]>([
    ['and by layout', { bundled: ['Segment.io'] }],
    ['where nothing else is in _metadata', undefined],
  ])('is the same batch, whatever differs by attempt, %s', async (_, metadata) => {
    const attempts = [0, 1, 2].map((attempt) => {
      const sentAt = new Date(NOW + attempt).toISOString()
      const _metadata = attempt > 0 ? { ...metadata, retryCount: attempt } : metadata
      return { batch: batchOf(3).map((event) => ({ ...event, sentAt, writeKey: KEY, _metadata })), sentAt }
    })
    const all = await Promise.all(
      attempts.map(async (body, index) => {
        const { app, sink } = collectorWith({ now: () => NOW + index * 86_400_000 })
        const headers = index > 0 ? { 'X-Retry-Count': String(index) } : {}
        await taken(await post(app, '/v1/batch', JSON.stringify(body, null, index), headers))
        expect([...sink.batches.values()][0]?.header.attempt).toBe(index + 1)
        expect(sink.events().map((event) => event._metadata)).toEqual([metadata, metadata, metadata])
        return batchesOf(sink)
      }),
    )
    expect(all[1]).toEqual(all[0])
    expect(all[2]).toEqual(all[0])
  })

  test('is the same batch without ids and times, but two alike in one request are two', async () => {
    const event = { type: 'track', event: 'Clicked', userId: 'u-1' }
    const body = { batch: [event, { ...event, event: 'Else' }, event] }
    const { app, sink } = collectorWith()
    await taken(await post(app, '/v1/batch', body))
    await taken(await post(app, '/v1/batch', { ...body, sentAt: AT }))
    expect(sink.batches.size).toBe(1)
    const ids = sink.events().map(({ messageId }) => messageId)
    expect(new Set(ids).size).toBe(3)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  test('is the same batch without times at another time', async () => {
    const event = { type: 'track', event: 'Clicked', userId: 'u-1' }
    const [one, other] = [collectorWith(), collectorWith({ now: () => NOW + 1_000 })]
    await taken(await post(one.app, '/v1/batch', { batch: [event] }))
    await taken(await post(other.app, '/v1/batch', { batch: [event] }))
    const idsOf = (sink: RecordingSink) => batchesOf(sink).map(({ batchId, digest }) => ({ batchId, digest }))
    expect(idsOf(other.sink)).toEqual(idsOf(one.sink))
  })

  test('with a rejected event is the same batch, too', async () => {
    const { app, sink } = collectorWith()
    for (const sentAt of [AT, new Date(NOW).toISOString()]) {
      const large = eventOf(2, { sentAt, properties: { filler: 'x'.repeat(50_000) } })
      await taken(await post(app, '/v1/batch', { batch: [eventOf(1), large], sentAt }))
    }
    const { app: other, sink: first } = collectorWith()
    await taken(
      await post(other, '/v1/batch', {
        batch: [eventOf(1), eventOf(2, { properties: { filler: 'x'.repeat(50_000) } })],
      }),
    )
    expect(batchesOf(sink)).toEqual(batchesOf(first))
  })

  test.each<[what: string, other: Members[], keys: CollectorOptions['keys']]>([
    ['another event', [eventOf(1), eventOf(3)], [writeKey]],
    ['another order', [eventOf(2), eventOf(1)], [writeKey]],
    ['another site', [eventOf(1), eventOf(2)], [{ ...writeKey, id: 'other' }]],
  ])('is not one with %s', async (_, events, keys) => {
    const [one, other] = [collectorWith(), collectorWith({ keys })]
    await taken(await post(one.app, '/v1/batch', { batch: batchOf(2) }))
    await taken(await post(other.app, '/v1/batch', { batch: events }))
    expect(batchesOf(other.sink)[0]?.batchId).not.toBe(batchesOf(one.sink)[0]?.batchId)
  })
})

describe('one bad event', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  test.each<[what: string, code: string, event: string, messageId?: string]>([
    ['that is no object', 'invalid_json', '7'],
    ['that is null', 'invalid_json', 'null'],
    ['that is broken', 'invalid_json', '{"type":"track","messageId":"m","event":tru}'],
    [
      'that is broken where nothing of it goes on',
      'invalid_json',
      JSON.stringify(eventOf(2)).replace('{', '{"sentAt":nul,'),
    ],
    [
      'that would be whole without its white space',
      'invalid_json',
      JSON.stringify(eventOf(2, { x: 42 })).replace('42', '4 2'),
    ],
    ['that ends with another bracket', 'invalid_json', JSON.stringify(eventOf(2)).replace(/}$/, ']')],
    ['that is nothing', 'invalid_json', ' '],
    ['of nobody', 'invalid_event', JSON.stringify(eventOf(2, { anonymousId: null })), 'ajs-next-2'],
    ['of an unknown type', 'invalid_event', JSON.stringify(eventOf(2, { type: 'delete' })), 'ajs-next-2'],
    [
      'that would be a tombstone',
      'invalid_event',
      JSON.stringify(eventOf(2, { type: 'shed', reason: 'age', through: 9 })),
      'ajs-next-2',
    ],
    ['without type', 'invalid_event', JSON.stringify(eventOf(2, { type: undefined })), 'ajs-next-2'],
    ['without name', 'invalid_event', JSON.stringify(eventOf(2, { event: '' })), 'ajs-next-2'],
    ['whose properties are a text', 'invalid_event', JSON.stringify(eventOf(2, { properties: 'x' })), 'ajs-next-2'],
    ['whose messageId is an object', 'invalid_event', JSON.stringify(eventOf(2, { messageId: {} }))],
    [
      'that is too large',
      'event_too_large',
      JSON.stringify(eventOf(2, { properties: { f: 'x'.repeat(50_000) } })),
      'ajs-next-2',
    ],
    [
      'that is too deep',
      'too_deep',
      `{"type":"track","event":"E","userId":"u","messageId":"m","properties":{"a":${nested(10_000)}}}`,
      'm',
    ],
    [
      'with __proto__',
      'prototype_member',
      `{"type":"track","event":"E","userId":"u","messageId":"m","properties":{"__proto__":{}}}`,
      'm',
    ],
    [
      'with __proto__ of its own',
      'prototype_member',
      `{"type":"track","event":"E","userId":"u","messageId":"m","__proto__":{}}`,
      'm',
    ],
    ['that names a member twice', 'duplicate_member', `{"type":"track","type":"page","userId":"u"}`],
    [
      'that names one twice in its properties',
      'duplicate_member',
      `{"type":"track","event":"E","messageId":"m","userId":"u","properties":{"a":1,"\\u0061":2}}`,
      'm',
    ],
    ['with our own member', 'reserved_member', JSON.stringify(eventOf(2, { received: {} })), 'ajs-next-2'],
    ['of another stream', 'reserved_member', JSON.stringify(eventOf(2, { streamId: 'x' }))],
    ['of another seq', 'reserved_member', JSON.stringify(eventOf(2, { seq: 1 }))],
  ])('%s is rejected alone, and its tombstone and the answer say why', async (_, code, event, messageId) => {
    const logs: BatchLog[] = []
    const { app, sink } = collectorWith({ log: (entry) => logs.push(entry) })
    const body = `{"batch":[${JSON.stringify(eventOf(1))},${event},${JSON.stringify(eventOf(3))}]}`
    const answer = await taken(await post(app, '/v1/batch', body))
    const rejected = { messageId: messageId ?? expect.any(String), code, detail: expect.stringMatching(/.\.$/) }
    expect(answer).toEqual({ success: true, rejected: [rejected] })
    expect(held(sink)).toEqual([
      { ...eventOf(1), seq: 1 },
      { seq: 2, type: 'rejected', reason: code, messageId: messageId ?? expect.any(String) },
      { ...eventOf(3), seq: 3 },
    ])
    expect(logs).toMatchObject([{ status: 200, events: 2, rejected: 1 }])
  })

  test('among good ones, whatever it is, is no trouble to them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.json(), { maxLength: 5 }), async (others) => {
        const { app, sink } = collectorWith()
        const body = `{"batch":[${[...others, JSON.stringify(eventOf(1)), ...others].join(',')}]}`
        await taken(await post(app, '/v1/batch', body))
        expect(sink.events()).toHaveLength(2 * others.length + 1)
        expect(sink.events()[others.length]).toMatchObject(eventOf(1))
      }),
    )
  })

  test('that is broken UTF-8 is rejected alone', async () => {
    const { app, sink } = collectorWith()
    const body = new TextEncoder().encode(
      JSON.stringify({ batch: [eventOf(1), eventOf(2, { event: '@' }), eventOf(3)] }),
    )
    await taken(
      await post(
        app,
        '/v1/batch',
        body.map((byte) => (byte === 0x40 ? 0xff : byte)),
      ),
    )
    expect(sink.events().map(({ type, reason }) => reason ?? type)).toEqual(['track', 'invalid_utf8', 'track'])
  })
})

describe('what is not taken yet', () => {
  const failing = (fault: { retryAfter?: number } = {}) => {
    const state = { failing: true }
    const sink = recordingSink({
      before: async () => (state.failing ? { kind: 'transient', detail: 'down', ...fault } : undefined),
    })
    return { sink, state }
  }

  test('is answered with 429 and Retry-After, which grows with each repeat, and is taken in the end', async () => {
    const { sink, state } = failing()
    const logs: BatchLog[] = []
    const { app } = collectorWith({ sinks: [sink], log: (entry) => logs.push(entry) })
    const waits: (string | null)[] = []
    for (const [attempt, header] of ['', 'X-Retry-Count', 'X-Retry-Count', 'Rsa-Retry-Attempt'].entries()) {
      const headers = header ? { [header]: String(attempt * 3) } : {}
      const response = await post(app, '/v1/t', eventOf(1), headers)
      expect(response.status).toBe(429)
      waits.push(response.headers.get('Retry-After'))
      expect(await problemOf(response)).toMatchObject({ code: 'sink_unavailable', status: 429 })
    }
    expect(waits).toEqual(['5', '40', '300', '300'])
    state.failing = false
    await taken(await post(app, '/v1/t', eventOf(1)))
    expect(held(sink)).toEqual([{ ...eventOf(1), seq: 1 }])
    expect(logs.map(({ status, code }) => [status, code])).toEqual([
      ...Array.from({ length: 4 }, () => [429, 'sink_unavailable']),
      [200, undefined],
    ])
  })

  test('is what one required sink has and another has not; a repeat is the same batch for the first', async () => {
    const { sink: second, state } = failing({ retryAfter: 30 })
    const first = recordingSink({ name: 'first' })
    const { app } = collectorWith({ sinks: [first, second] })
    const response = await post(app, '/v1/batch', { batch: batchOf(3) })
    expect([response.status, response.headers.get('Retry-After')]).toEqual([429, '30'])
    state.failing = false
    await taken(await post(app, '/v1/batch', { batch: batchOf(3), sentAt: AT }))
    expect(first.batches.size).toBe(1)
    expect(held(first)).toEqual(held(second))
  })

  test('is all of a request when one of its batches is not taken', async () => {
    const sink = recordingSink({
      before: async ({ header }) => (header.first === 501 ? { kind: 'transient', detail: 'down' } : undefined),
    })
    const { app } = collectorWith({ sinks: [sink] })
    expect((await post(app, '/v1/batch', { batch: batchOf(501) })).status).toBe(429)
    expect(sink.batches.size).toBe(1)
  })

  test('is what no sink is there for: these clients would forget it on 403, for an operator’s fault', async () => {
    const claims = { kid: '1', iat: NOW / 1000, id: 'shop', origins: [ORIGIN], sinks: ['elsewhere'] }
    const secret = 'what write keys are signed with here'
    const { app } = collectorWith({ keys: [], signingKeys: [{ id: '1', secret }] })
    const Authorization = basic(await signKey(claims, secret, hmacSha256))
    for (const [count, wait] of [
      ['0', '60'],
      ['1', '120'],
      ['9', '300'],
    ] as const) {
      const response = await post(app, '/v1/track', eventOf(1), { Authorization, 'X-Retry-Count': count })
      expect(response.headers.get('Retry-After')).toBe(wait)
      const detail = expect.stringContaining('elsewhere')
      expect(await problemOf(response)).toMatchObject({ status: 429, code: 'no_sink', detail })
    }
  })

  test('is not what only a best-effort sink has not', async () => {
    const lazy = recordingSink({
      name: 'lazy',
      required: false,
      before: async () => ({ kind: 'transient', detail: 'down' }),
    })
    const { app } = collectorWith({ sinks: [recordingSink(), lazy] })
    await taken(await post(app, '/v1/t', eventOf(1)))
  })
})

describe('a refusal has its status and code', () => {
  test.each<[what: string, status: number, code: string, ask: (app: App) => Promise<Response>]>([
    ['no key', 401, 'unknown_key', (app) => post(app, '/v1/t', eventOf(1), { Authorization: null })],
    ['an unknown key', 401, 'unknown_key', (app) => post(app, '/v1/t', eventOf(1), { Authorization: basic('wk_x') })],
    [
      'an unknown key in the body',
      401,
      'unknown_key',
      (app) => post(app, '/v1/t', { writeKey: 'wk_x' }, { Authorization: null }),
    ],
    [
      'credentials that are none',
      401,
      'unknown_key',
      (app) => post(app, '/v1/t', eventOf(1), { Authorization: 'Basic %' }),
    ],
    [
      'a foreign origin',
      403,
      'origin_not_allowed',
      (app) => post(app, '/v1/t', eventOf(1), { Origin: 'https://evil.example' }),
    ],
    ['no origin', 403, 'origin_not_allowed', (app) => post(app, '/v1/t', eventOf(1), { Origin: null })],
    ['text', 400, 'invalid_body', (app) => post(app, '/v1/t', 'hello')],
    ['nothing', 400, 'invalid_body', (app) => post(app, '/v1/t', '')],
    ['a list', 400, 'invalid_body', (app) => post(app, '/v1/batch', [eventOf(1)])],
    ['a batch without events', 400, 'invalid_body', (app) => post(app, '/v1/batch', eventOf(1))],
    ['a batch that is no list', 400, 'invalid_body', (app) => post(app, '/v1/batch', { batch: {} })],
    ['two batches in one', 400, 'invalid_body', (app) => post(app, '/v1/batch', '{"batch":[],"batch":[]}')],
    ['a batch that breaks off', 400, 'invalid_body', (app) => post(app, '/v1/batch', '{"batch":[{"type":"track"}')],
    ...[
      '{"writeKey":"wk_live_1","batch":{}}',
      '{"writeKey":"wk_live_1","batch":[{"type":"track"}',
      '{"batch":[],"batch":[],"writeKey":"wk_live_1"',
      '{"writeKey":"wk_live_1",batch}',
    ].map((body): [string, number, string, (app: App) => Promise<Response>] => [
      `a known key in ${body}`,
      400,
      'invalid_body',
      (app) => post(app, '/v1/batch', body.replace('wk_live_1', KEY), { Authorization: null }),
    ]),
    [
      'two keys in one body',
      401,
      'unknown_key',
      (app) => post(app, '/v1/t', `{"writeKey":"${KEY}","writeKey":"wk_x"}`, { Authorization: null }),
    ],
    ['a large body', 413, 'body_too_large', (app) => post(app, '/v1/t', 'x'.repeat(524_289))],
    [
      'a bomb',
      413,
      'batch_too_large',
      async (app) => post(app, '/v1/t', await bombOf(16), { 'Content-Encoding': 'gzip' }),
    ],
    [
      'a context that would make it large',
      413,
      'batch_too_large',
      (app) => post(app, '/v1/batch', { batch: batchOf(500), context: { filler: 'x'.repeat(5_000) } }),
    ],
    ['brotli', 415, 'unsupported_encoding', (app) => post(app, '/v1/t', eventOf(1), { 'Content-Encoding': 'br' })],
    [
      'text that is called gzip',
      400,
      'invalid_encoding',
      (app) => post(app, '/v1/t', eventOf(1), { 'Content-Encoding': 'gzip' }),
    ],
    ['another path', 404, 'not_found', (app) => post(app, '/v1/m', eventOf(1))],
  ])('%s: %i %s', async (_, status, code, ask) => {
    const logs: BatchLog[] = []
    const { app, sink } = collectorWith({ log: (entry) => logs.push(entry) })
    expect(await problemOf(await ask(app))).toMatchObject({ status, code })
    expect(sink.batches.size).toBe(0)
    if (status !== 404) expect(logs).toMatchObject([{ status, code }])
  })

  test('GET: 405', async () => {
    const { app } = collectorWith()
    expect((await app.request('/v1/batch')).status).toBe(405)
  })

  test('all of it is off where that is asked for', async () => {
    const { app } = collectorWith({ segmentApi: false })
    expect((await post(app, '/v1/batch', { batch: batchOf(1) })).status).toBe(404)
  })
})

test('a preflight lets a page send what these clients send, and is kept', async () => {
  const { app } = collectorWith()
  const response = await app.request('/v1/t', {
    method: 'OPTIONS',
    headers: {
      Origin: ORIGIN,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,x-retry-count',
    },
  })
  expect(response.status).toBe(204)
  expect(response.headers.get('Access-Control-Allow-Origin')).toBe(ORIGIN)
  expect(response.headers.get('Access-Control-Allow-Headers')).toBe('authorization,x-retry-count')
  expect(response.headers.get('Access-Control-Max-Age')).toBe('7200')
  expect(response.headers.get('Access-Control-Allow-Credentials')).toBeNull()
})

describe('a key of servers', () => {
  const keys: CollectorOptions['keys'] = [{ ...writeKey, origins: 'server' }]

  test('is taken without an Origin, at either API', async () => {
    const { app, sink } = collectorWith({ keys })
    await taken(await post(app, '/v1/batch', { batch: batchOf(2) }, { Origin: null }))
    await recordedOf(await present(app, ownBatchOf(1, 2), { headers: { Origin: null } }))
    expect(sink.batches.size).toBe(2)
  })

  test.each([ORIGIN, 'null', 'http://localhost:3000'])('is not taken from a page of %s', async (Origin) => {
    const { app } = collectorWith({ keys })
    expect((await problemOf(await post(app, '/v1/batch', { batch: batchOf(2) }, { Origin }))).code).toBe(
      'origin_not_allowed',
    )
  })
})

describe('what a key says holds here, too', () => {
  test('its sinks, and its limits', async () => {
    const [r2, webhook] = [recordingSink({ name: 'r2' }), recordingSink({ name: 'webhook' })]
    const key = { ...writeKey, sinks: ['webhook'], limits: { batchEvents: 1 } }
    const { app } = collectorWith({ keys: [key], sinks: [r2, webhook] })
    await taken(await post(app, '/v1/batch', { batch: batchOf(2) }))
    expect([r2.batches.size, webhook.batches.size]).toEqual([0, 2])
  })

  test('its rate: a 429 that these clients heed, before the body is read', async () => {
    const { app } = collectorWith({ keys: [{ ...writeKey, rate: { limit: 1, period: 10 } }] })
    await taken(await post(app, '/v1/track', eventOf(1)))
    const response = await post(app, '/v1/track', 'not even JSON')
    expect(response.headers.get('Retry-After')).toBe('10')
    expect(await problemOf(response)).toMatchObject({ status: 429, code: 'rate_limited' })
  })

  test('that it asks for a token, which these clients cannot bring', async () => {
    const key = { ...writeKey, tokenSecrets: ['the secret of a backend, long enough'] }
    const { app, sink } = collectorWith({ keys: [key] })
    expect((await problemOf(await post(app, '/v1/track', eventOf(1)))).code).toBe('token_required')
    expect(sink.batches.size).toBe(0)
  })

  test('when it is signed', async () => {
    const secret = 'what write keys are signed with here'
    const claims = { kid: '1', iat: NOW / 1000, id: 'shop', origins: [ORIGIN] }
    const { app, sink } = collectorWith({ keys: [], signingKeys: [{ id: '1', secret }] })
    const key = await signKey(claims, secret, hmacSha256)
    await taken(await post(app, '/v1/track', eventOf(1), { Authorization: basic(key) }))
    expect([...sink.batches.values()].map(({ keyId }) => keyId)).toEqual(['shop'])
  })
})
