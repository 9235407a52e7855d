import { limits } from '@waybill/protocol'
import { describe, expect, test, vi } from 'vitest'
import { batchOf, eventOf, headerOf, lineOf, linesOf, NOW, STREAM, tombstoneOf } from '../test/batches.ts'
import { bombOf, gzip } from '../test/gzip.ts'
import { type App, collectorWith, KEY, ORIGIN, present, problemOf, recordedOf, writeKey } from '../test/present.ts'
import { recordingSink } from '../test/recording-sink.ts'
import type { SinkFault } from './core/sink.ts'
import { type BatchLog, noSignatureCache } from './index.ts'

const batchId = `${STREAM}:1-2`
/** A promise that the test resolves. */
function gate() {
  let open = () => {}
  const opened = new Promise<undefined>((resolve) => {
    open = () => resolve(undefined)
  })
  return { opened, open }
}

const encode = (text: string) => new TextEncoder().encode(text)
const hex = async (text: string) =>
  [...new Uint8Array(await crypto.subtle.digest('SHA-256', encode(text)))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')

describe('a batch that nothing is wrong with', () => {
  test('is recorded, and the answer names it', async () => {
    const { app, sink } = collectorWith()
    expect(await recordedOf(await present(app, batchOf(1, 2)))).toEqual({ batchId, recorded: 2, rejected: [] })
    expect([...sink.batches.keys()]).toEqual([batchId])
  })

  test('reaches the sink with the bytes of the client, and what the collector knows after them', async () => {
    const { app, sink } = collectorWith()
    // Spaces, escapes and numbers that a parser would write otherwise.
    const line = lineOf(1).replace('"total":42', '"total": 4.20e1, "name":"Z\\u00fcrich / Zürich"')
    await recordedOf(await present(app, batchOf(1, 1, [line])))
    const received = `"received":{"at":"${new Date(NOW).toISOString()}","batchId":"${STREAM}:1-1","sentAt":"${new Date(NOW - 1_000).toISOString()}","skewMs":1000}`
    expect(new TextDecoder().decode(sink.batches.get(`${STREAM}:1-1`)?.lines[0])).toBe(
      `${line.slice(0, -1)},${received}}`,
    )
  })

  test('has the digest of every byte after the first LF, whatever the header says', async () => {
    const { app, sink } = collectorWith()
    await present(app, `${headerOf(1, 2, { attempt: 7 })}\n${linesOf(1, 2).join('\n')}\n`)
    expect(sink.batches.get(batchId)?.digest).toBe(await hex(`${linesOf(1, 2).join('\n')}\n`))
    expect(sink.batches.get(batchId)).toMatchObject({ keyId: 'site', header: { attempt: 7 } })
  })

  test('may be compressed, and is the same batch', async () => {
    const { app, sink } = collectorWith()
    await recordedOf(await present(app, await gzip(batchOf(1, 2)), { query: { encoding: 'gzip' } }))
    expect(sink.batches.get(batchId)?.digest).toBe(await hex(`${linesOf(1, 2).join('\n')}\n`))
  })

  test('may come in pieces that respect neither lines nor characters', async () => {
    const { app, sink } = collectorWith()
    const bytes = encode(batchOf(1, 2, [lineOf(1, { event: 'Zürich ✓' }), lineOf(2)]))
    const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) =>
      bytes.slice(index * 7, index * 7 + 7),
    )
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = pieces.shift()
        if (piece) controller.enqueue(piece)
        else controller.close()
      },
    })
    await recordedOf(await present(app, stream))
    expect(sink.events()[0]?.event).toBe('Zürich ✓')
  })

  test('may leave out the last LF', async () => {
    const { app } = collectorWith()
    expect((await recordedOf(await present(app, batchOf(1, 2).trimEnd()))).recorded).toBe(2)
  })

  test('may be as large as the limits say', async () => {
    const { app } = collectorWith()
    expect((await recordedOf(await present(app, batchOf(1, limits.batchEvents)))).recorded).toBe(limits.batchEvents)
  })

  test('tells no clock skew when it is a copy', async () => {
    const { app, sink } = collectorWith()
    await present(app, `${headerOf(1, 1, { copy: true })}\n${lineOf(1)}`)
    expect(sink.events()[0]?.received).toEqual({ at: new Date(NOW).toISOString(), batchId: `${STREAM}:1-1` })
  })

  test('may hold tombstones, which fill their range and are not counted as recorded', async () => {
    const { app, sink } = collectorWith()
    const shed = JSON.stringify({ streamId: STREAM, seq: 2, through: 9_000, type: 'shed', reason: 'too_many' })
    const answer = await recordedOf(await present(app, batchOf(1, 9_001, [lineOf(1), shed, lineOf(9_001)])))
    expect(answer).toMatchObject({ recorded: 2, rejected: [] })
    expect(sink.events()[1]).toMatchObject({
      type: 'shed',
      reason: 'too_many',
      through: 9_000,
      received: { skewMs: 1000 },
    })
  })
})

describe('one bad event', () => {
  test('among 50 fails none of its neighbours: a tombstone goes on in its place, and the answer names it', async () => {
    const { app, sink } = collectorWith()
    const lines = linesOf(1, 50)
    lines[24] = lineOf(25, { event: '' })
    const answer = await recordedOf(await present(app, batchOf(1, 50, lines)))
    expect(answer.recorded).toBe(49)
    expect(answer.rejected).toEqual([
      {
        seq: 25,
        messageId: `${STREAM}.25`,
        code: 'invalid_event',
        detail: '`event`: expected the name of what happened.',
      },
    ])
    expect(sink.events().map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
    expect(sink.events()[24]).toEqual({
      streamId: STREAM,
      seq: 25,
      type: 'rejected',
      reason: 'invalid_event',
      messageId: `${STREAM}.25`,
      received: {
        at: new Date(NOW).toISOString(),
        batchId: `${STREAM}:1-50`,
        sentAt: new Date(NOW - 1_000).toISOString(),
        skewMs: 1000,
      },
    })
  })

  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  const shed = { type: 'shed', reason: 'age' }
  const withProperties = (json: string) => lineOf(2).replace('{"total":42}', json)
  test.each<[what: string, code: string, line: string | Uint8Array]>([
    ['that is broken UTF-8', 'invalid_utf8', new Uint8Array([...encode(lineOf(2).slice(0, -2)), 0xff, 0x22, 0x7d])],
    ['that is broken JSON', 'invalid_json', '{"streamId":}'],
    ['that is JSON but no object', 'invalid_json', '[1]'],
    ['that is empty', 'invalid_json', ''],
    ['that ends with CR', 'invalid_json', `${lineOf(2)}\r`],
    ['that begins with a byte order mark', 'invalid_json', `\ufeff${lineOf(2)}`],
    [
      'that hides __proto__ behind a repeat',
      'duplicate_member',
      lineOf(2).replace('{"total":42}', '{"__proto__":{}},"properties":{}'),
    ],
    ['of two streams', 'duplicate_member', lineOf(2).replace('{', '{"streamId":"victim",')],
    [
      'of two streams, the last one foreign',
      'duplicate_member',
      lineOf(2).replace(/}$/, `,"streamId":"${STREAM.replace('1', '2')}"}`),
    ],
    ['of two seqs', 'duplicate_member', lineOf(2).replace('{', '{"seq":7,')],
    ['with a repeat in disguise', 'duplicate_member', lineOf(2).replace('{', '{"\\u0073eq":2,')],
    ['with a repeat deep inside', 'duplicate_member', withProperties('{"a":[{"b":{"c":1,"c":1}}]}')],
    ['that hides 10,000 levels', 'duplicate_member', withProperties(`{"a":${nested(10_000)},"a":1}`)],
    ['that is a tombstone with two reasons', 'duplicate_member', lineOf(2, shed).replace('{', '{"reason":"age",')],
    ['without streamId', 'invalid_event', lineOf(2, { streamId: undefined })],
    ['without seq', 'invalid_event', lineOf(2, { seq: undefined })],
    ['whose seq is a text', 'invalid_event', lineOf(2, { seq: '2' })],
    ['that is too large', 'event_too_large', lineOf(2, { context: { filler: 'x'.repeat(limits.eventBytes) } })],
    ['with too large properties', 'properties_too_large', lineOf(2, { properties: { filler: 'é'.repeat(8_192) } })],
    ['with too large traits', 'properties_too_large', lineOf(2, { traits: { filler: 'x'.repeat(16_384) } })],
    ['with too large state', 'state_too_large', lineOf(2, { state: { filler: 'x'.repeat(limits.stateBytes) } })],
    ['with __proto__', 'prototype_member', withProperties('{"a":[{"__proto__":{"admin":true}}]}')],
    ['with __proto__ in disguise', 'prototype_member', withProperties('{"\\u005f_proto__":1}')],
    ['one level too deep', 'too_deep', withProperties(`{"a":${nested(limits.depth - 1)}}`)],
    ['10,000 levels deep', 'too_deep', withProperties(`{"a":${nested(10_000)}}`)],
    ["with the collector's own member", 'reserved_member', lineOf(2, { received: {} })],
    [
      "with the collector's own member in disguise",
      'reserved_member',
      lineOf(2, { x: 1 }).replace('"x"', '"rec\\u0065ived"'),
    ],
    ['of another messageId', 'invalid_event', lineOf(2, { messageId: `${STREAM}.3` })],
    ['without messageId', 'invalid_event', lineOf(2, { messageId: undefined })],
    ['of an unknown type', 'invalid_event', lineOf(2, { type: 'delete' })],
    ['without name', 'invalid_event', lineOf(2, { event: undefined })],
    ['without offset in its time', 'invalid_event', lineOf(2, { timestamp: '2026-11-22 10:00' })],
    ['of nobody', 'invalid_event', lineOf(2, { anonymousId: undefined })],
    ['whose userId is a number', 'invalid_event', lineOf(2, { userId: 7 })],
    ['whose properties are a list', 'invalid_event', lineOf(2, { properties: [] })],
    ['whose span is a text', 'invalid_event', lineOf(2, { span: 'Checkout' })],
    ['whose state is null', 'invalid_event', lineOf(2, { state: null })],
    ['that is a tombstone without reason', 'invalid_event', lineOf(2, { type: 'shed' })],
    ['that is a tombstone that gives a speech', 'invalid_event', lineOf(2, { type: 'shed', reason: 'It was too old' })],
    ['that is a tombstone of nothing', 'invalid_event', lineOf(2, { type: 'shed', reason: 'age', through: 1 })],
  ])('%s is rejected alone', async (_, code, line) => {
    const { app, sink } = collectorWith()
    const lf = encode('\n')
    const parts = [headerOf(1, 3), lineOf(1), line, lineOf(3)].flatMap((part) => [
      typeof part === 'string' ? encode(part) : part,
      lf,
    ])
    const body = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer())
    const answer = await recordedOf(await present(app, body))
    expect(answer.rejected).toEqual([{ seq: 2, messageId: `${STREAM}.2`, code, detail: expect.stringMatching(/.\.$/) }])
    expect(answer.recorded).toBe(2)
    expect(sink.events().map(({ seq, type }) => [seq, type])).toEqual([
      [1, 'track'],
      [2, 'rejected'],
      [3, 'track'],
    ])
  })

  const range = { ...shed, through: 9 }
  test.each<[what: string, code: string, tombstone: string]>([
    ['without reason', 'invalid_event', lineOf(2, { ...range, reason: undefined })],
    ['without seq', 'invalid_event', lineOf(2, { ...range, seq: undefined })],
    ['with two reasons', 'duplicate_member', lineOf(2, range).replace('{', '{"reason":"age",')],
    ["with the collector's own member", 'reserved_member', lineOf(2, { ...range, received: {} })],
  ])(
    'that is a tombstone of a range, %s: the range stays one, and its neighbours get through',
    async (_, code, tombstone) => {
      const { app, sink } = collectorWith()
      const answer = await recordedOf(await present(app, batchOf(1, 10, [lineOf(1), tombstone, lineOf(10)])))
      expect(answer).toMatchObject({ recorded: 2, rejected: [{ seq: 2, messageId: `${STREAM}.2`, code }] })
      expect(sink.events().map(({ seq, through, type }) => [seq, through, type])).toEqual([
        [1, undefined, 'track'],
        [2, 9, 'rejected'],
        [10, undefined, 'track'],
      ])
    },
  )

  test('is what a large event is not: all caps may be used to the full', async () => {
    const { app } = collectorWith()
    const fill = (bytes: number) => ({ f: 'x'.repeat(bytes - '{"f":""}'.length) })
    const line = lineOf(1, { properties: fill(limits.propertiesBytes), state: fill(limits.stateBytes) })
    const context = { f: 'x'.repeat(limits.eventBytes - line.length - ',"context":{"f":""}'.length) }
    const full = JSON.stringify({ ...JSON.parse(line), context })
    expect(full.length).toBe(limits.eventBytes)
    expect(await recordedOf(await present(app, batchOf(1, 1, [full])))).toMatchObject({ recorded: 1, rejected: [] })
  })

  test('is not one that is as deep as the limit', async () => {
    const { app } = collectorWith()
    const line = lineOf(1).replace('{"total":42}', `{"a":${nested(limits.depth - 2)}}`)
    expect((await recordedOf(await present(app, batchOf(1, 1, [line])))).recorded).toBe(1)
  })
})

describe('a header that lies about its range', () => {
  test.each([
    ['fewer lines than it says', batchOf(1, 3, linesOf(1, 2)), 'The end: expected lines up to seq 3, found seq 2.'],
    ['no lines at all', headerOf(1, 3), 'The end: expected lines up to seq 3, found seq 0.'],
    [
      'more lines than it says',
      batchOf(1, 2, linesOf(1, 3)),
      'Line 4: expected the end after seq 2, found another line.',
    ],
    ['another beginning', batchOf(1, 2, linesOf(2, 3)), 'Line 2: expected seq 1, found seq 2.'],
    ['a gap', batchOf(1, 3, [lineOf(1), lineOf(3)]), 'Line 3: expected seq 2, found seq 3.'],
    ['a repeat', batchOf(1, 3, [lineOf(1), lineOf(1), lineOf(2)]), 'Line 3: expected seq 2, found seq 1.'],
    [
      'a line of another stream',
      batchOf(1, 1, [lineOf(1, { streamId: STREAM.replace('1', '2') })]),
      `Line 2: expected stream ${STREAM}, found stream ${STREAM.replace('1', '2')}.`,
    ],
    [
      'a tombstone that reaches beyond it',
      batchOf(1, 2, [lineOf(1), JSON.stringify({ ...eventOf(2), type: 'shed', reason: 'age', through: 9 })]),
      'Line 3: expected at most seq 2, found a tombstone through 9.',
    ],
    [
      'a bad tombstone that reaches beyond it',
      batchOf(1, 2, [lineOf(1), lineOf(2, { type: 'shed', through: 9 })]),
      'Line 3: expected at most seq 2, found a tombstone through 9.',
    ],
  ])('is refused as a whole: %s', async (_, body, detail) => {
    const { app, sink } = collectorWith()
    const response = await present(app, body)
    expect(await problemOf(response)).toMatchObject({
      status: 400,
      code: 'range_mismatch',
      detail,
      batchId: expect.any(String),
    })
    expect(sink.batches.size).toBe(0)
  })
})

describe('a refusal has its own status and code, and says what to do', () => {
  const gz = { query: { encoding: 'gzip' } }
  const tooMany = batchOf(1, limits.batchEvents + 1)
  const filler = 'x'.repeat(30_000)
  const large = (lines: number) =>
    batchOf(
      1,
      lines,
      Array.from({ length: lines }, (_, index) => lineOf(index + 1, { context: { filler } })),
    )

  test.each<[what: string, status: number, code: string, ask: (app: App) => Promise<Response>]>([
    ['no key', 401, 'unknown_key', (app) => present(app, batchOf(1, 2), { query: { key: null } })],
    ['an unknown key', 401, 'unknown_key', (app) => present(app, batchOf(1, 2), { query: { key: 'wk_other' } })],
    [
      'a foreign origin',
      403,
      'origin_not_allowed',
      (app) => present(app, batchOf(1, 2), { headers: { Origin: 'https://evil.example' } }),
    ],
    [
      'the same host on another scheme',
      403,
      'origin_not_allowed',
      (app) => present(app, batchOf(1, 2), { headers: { Origin: ORIGIN.replace('https', 'http') } }),
    ],
    ['no origin', 403, 'origin_not_allowed', (app) => present(app, batchOf(1, 2), { headers: { Origin: null } })],
    [
      'JSON',
      415,
      'unsupported_media_type',
      (app) => present(app, batchOf(1, 2), { headers: { 'Content-Type': 'application/json' } }),
    ],
    [
      'no content type',
      415,
      'unsupported_media_type',
      (app) => present(app, batchOf(1, 2), { headers: { 'Content-Type': null } }),
    ],
    [
      'text of another kind',
      415,
      'unsupported_media_type',
      (app) => present(app, batchOf(1, 2), { headers: { 'Content-Type': 'text/plainly' } }),
    ],
    ['brotli', 415, 'unsupported_encoding', (app) => present(app, batchOf(1, 2), { query: { encoding: 'br' } })],
    ['text that is called gzip', 400, 'invalid_encoding', (app) => present(app, batchOf(1, 2), gz)],
    ['nothing that is called gzip', 400, 'invalid_encoding', (app) => present(app, '', gz)],
    [
      'truncated gzip',
      400,
      'invalid_encoding',
      async (app) => present(app, (await gzip(batchOf(1, 2))).slice(0, -9), gz),
    ],
    [
      'gzip with something after it',
      400,
      'invalid_encoding',
      async (app) => present(app, new Uint8Array([...(await gzip(batchOf(1, 2))), 1, 2, 3]), gz),
    ],
    [
      'gzip twice, the header in one and the lines in the other',
      400,
      'invalid_encoding',
      async (app) =>
        present(
          app,
          new Uint8Array([...(await gzip(`${headerOf(1, 2)}\n`)), ...(await gzip(linesOf(1, 2).join('\n')))]),
          gz,
        ),
    ],
    [
      'gzip with a flipped bit',
      400,
      'invalid_encoding',
      async (app) =>
        present(
          app,
          (await gzip(batchOf(1, 2))).map((byte, index) => (index === 40 ? byte ^ 1 : byte)),
          gz,
        ),
    ],
    [
      'a header that is not UTF-8',
      400,
      'invalid_utf8',
      (app) => present(app, new Uint8Array([0x7b, 0xff, 0x7d, 0x0a])),
    ],
    ['a header that is not JSON', 400, 'invalid_header', (app) => present(app, `hello\n${lineOf(1)}`)],
    ['a header after a byte order mark', 400, 'invalid_header', (app) => present(app, `\ufeff${batchOf(1, 2)}`)],
    ['an empty body', 400, 'invalid_header', (app) => present(app, '')],
    [
      'a header that is too long',
      400,
      'invalid_header',
      (app) => present(app, `${headerOf(1, 1, { token: 'x'.repeat(8_192) })}\n${lineOf(1)}`),
    ],
    [
      'a header of another version',
      400,
      'invalid_header',
      (app) => present(app, `${headerOf(1, 1, { v: 2 })}\n${lineOf(1)}`),
    ],
    ['too many lines', 413, 'too_many_events', (app) => present(app, tooMany)],
    ['too large a body', 413, 'body_too_large', (app) => present(app, large(20))],
    [
      'a batch that inflates to too much',
      413,
      'batch_too_large',
      async (app) => present(app, await gzip(large(20)), gz),
    ],
    ['a decompression bomb', 413, 'batch_too_large', async (app) => present(app, await bombOf(64), gz)],
    ['another path', 404, 'not_found', (app) => present(app, batchOf(1, 2), { path: '/v2/events' })],
  ])('%s: %i %s', async (_, status, code, ask) => {
    const { app, sink } = collectorWith()
    const problem = await problemOf(await ask(app))
    expect([problem.status, problem.code]).toEqual([status, code])
    expect(sink.batches.size).toBe(0)
    // And the collector lives on.
    await recordedOf(await present(app, batchOf(1, 2)))
  })

  test.each(['GET', 'HEAD', 'PUT', 'DELETE'])('%s: 405 with the methods that work', async (method) => {
    const { app } = collectorWith()
    const response = await app.request('/v1/events', { method })
    expect(response.status).toBe(405)
    expect(response.headers.get('Allow')).toBe('POST')
    if (method !== 'HEAD') expect((await problemOf(response)).code).toBe('method_not_allowed')
  })

  test('an invalid header: the detail names the member and what was expected', async () => {
    const { app } = collectorWith()
    const problem = await problemOf(await present(app, headerOf(1, 2, { attempt: 0 })))
    expect(problem.detail).toBe('`attempt`: expected an integer from 1.')
  })

  test('what is too large names its batch, so that the client can halve it', async () => {
    const { app } = collectorWith()
    const noise = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(30_000))))
    const noisy = batchOf(
      1,
      20,
      Array.from({ length: 20 }, (_, index) => lineOf(index + 1, { noise })),
    )
    const small = collectorWith({ limits: { bodyBytes: 100_000 } })
    expect((await problemOf(await present(app, tooMany))).batchId).toBe(`${STREAM}:1-501`)
    expect((await problemOf(await present(app, large(20)))).batchId).toBe(`${STREAM}:1-20`)
    expect((await problemOf(await present(app, await gzip(large(20)), gz))).batchId).toBe(`${STREAM}:1-20`)
    const body = await problemOf(await present(small.app, await gzip(noisy), gz))
    expect(body).toMatchObject({ code: 'body_too_large', batchId: `${STREAM}:1-20` })
  })

  test('a body without end is read up to the cap and no further', async () => {
    const { app } = collectorWith()
    let sent = 0
    let cancelled = false
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536
        controller.enqueue(new Uint8Array(65_536))
      },
      cancel() {
        cancelled = true
      },
    })
    expect((await problemOf(await present(app, stream))).code).toBe('body_too_large')
    expect(sent).toBeLessThan(2 * limits.bodyBytes)
    expect(cancelled).toBe(true)
  })

  test('lower limits are kept to', async () => {
    const { app } = collectorWith({ limits: { batchEvents: 1 } })
    expect((await problemOf(await present(app, batchOf(1, 2)))).code).toBe('too_many_events')
  })
})

describe('origins', () => {
  test.each([
    'http://localhost',
    'http://localhost:8787',
    'https://localhost:1',
    'http://shop.localhost:3000',
    'http://127.0.0.1:5173',
    'http://[::1]:8080',
  ])('a development key takes %s', async (origin) => {
    const { app } = collectorWith({ keys: [{ ...writeKey, origins: 'localhost' }] })
    await recordedOf(await present(app, batchOf(1, 2), { headers: { Origin: origin } }))
  })

  test.each([
    'https://localhost.evil.example',
    'http://evil-localhost',
    'http://127.0.0.1.evil.example',
    'null',
    'file://localhost',
    'http://localhost/',
    ORIGIN,
  ])('a development key does not take %s', async (origin) => {
    const { app } = collectorWith({ keys: [{ ...writeKey, origins: 'localhost' }] })
    expect((await problemOf(await present(app, batchOf(1, 2), { headers: { Origin: origin } }))).code).toBe(
      'origin_not_allowed',
    )
  })

  test.each([
    `${ORIGIN}.evil.net`,
    `${ORIGIN}:444`,
    `${ORIGIN}:443`,
    `${ORIGIN}/`,
    ORIGIN.replace('https', 'http'),
    ORIGIN.replace('www', 'WWW'),
    ORIGIN.replace('www.', ''),
    `${ORIGIN}, ${ORIGIN}`,
    ORIGIN.slice(0, -1),
    'null',
  ])('a key of one site does not take %s', async (origin) => {
    const { app } = collectorWith()
    expect((await problemOf(await present(app, batchOf(1, 2), { headers: { Origin: origin } }))).code).toBe(
      'origin_not_allowed',
    )
  })

  test('a key does not open the origins of another', async () => {
    const other = { key: 'wk_other', id: 'other', origins: ['https://other.example'] }
    const { app, sink } = collectorWith({ keys: [writeKey, other] })
    const headers = { Origin: 'https://other.example' }
    expect((await present(app, batchOf(1, 2), { headers })).status).toBe(403)
    await recordedOf(await present(app, batchOf(1, 2), { headers, query: { key: 'wk_other' } }))
    expect(sink.batches.get(batchId)?.keyId).toBe('other')
  })
})

describe('CORS', () => {
  test.each<[what: string, headers: Record<string, string>, query: Record<string, string>]>([
    ['a recorded batch', {}, {}],
    ['an unknown key', {}, { key: 'wk_other' }],
    ['a foreign origin', { Origin: 'https://evil.example' }, {}],
    ['a wrong content type', { 'Content-Type': 'application/json' }, {}],
    ['broken gzip', {}, { encoding: 'gzip' }],
  ])('the answer can be read by the page, is its own and is not cached: %s', async (_, headers, query) => {
    const { app } = collectorWith()
    const response = await present(app, batchOf(1, 2), { headers, query })
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(headers.Origin ?? ORIGIN)
    expect(response.headers.get('Access-Control-Expose-Headers')).toBe('Retry-After,Preference-Applied')
    expect(response.headers.get('Access-Control-Allow-Credentials')).toBeNull()
    expect(response.headers.get('Vary')).toBe('Origin')
    expect(response.headers.get('Cache-Control')).toBe('no-store')
  })

  test.each(['/v2/events', '/v1/events'])('so can that of an unknown path or method: GET %s', async (path) => {
    const { app } = collectorWith()
    const response = await app.request(path, { headers: { Origin: ORIGIN } })
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(ORIGIN)
    expect(response.headers.get('Vary')).toBe('Origin')
    expect(response.headers.get('Cache-Control')).toBe('no-store')
  })

  test('a preflight is answered, though the SDK never causes one', async () => {
    const { app } = collectorWith()
    const headers = { Origin: ORIGIN, 'Access-Control-Request-Method': 'POST' }
    const response = await app.request('/v1/events', { method: 'OPTIONS', headers })
    expect(response.status).toBe(204)
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(ORIGIN)
    expect(response.headers.get('Access-Control-Allow-Methods')).toContain('POST')
  })
})

describe('sinks', () => {
  const never = () => new Promise<void>(() => {})
  const throwing = {
    ...recordingSink(),
    name: 'throwing',
    deliver: () => {
      throw new Error('a bug')
    },
  } as const

  test('200 only when every required sink has the batch, and 503 names the one that has not', async () => {
    const good = recordingSink({ name: 'good' })
    const bad = recordingSink({ name: 'bad', before: async () => ({ kind: 'transient', detail: 'full' }) })
    const { app } = collectorWith({ sinks: [good, bad] })
    const response = await present(app, batchOf(1, 2))
    const problem = await problemOf(response)
    expect(problem).toMatchObject({ status: 503, code: 'sink_unavailable', batchId, retryAfter: 5 })
    expect(problem.detail).toContain('bad')
    expect(problem.detail).not.toContain('good')
    expect(response.headers.get('Retry-After')).toBe('5')
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(ORIGIN)
    expect(good.batches.size).toBe(1)
  })

  test.each([
    [[60, 7], 60],
    [[undefined, 2], 5],
    [[0], 1],
    [[0.2], 1],
    [[999_999], 3600],
    [[Number.NaN], 5],
    [[Number.POSITIVE_INFINITY, 7], 7],
    [[-60], 5],
  ])('the client is asked for the patience that the sinks want: %j', async (asked, retryAfter) => {
    const sinks = asked.map((each, index) =>
      recordingSink({
        name: `sink-${index}`,
        before: async () => ({
          kind: 'transient',
          detail: 'full',
          ...(each === undefined ? {} : { retryAfter: each }),
        }),
      }),
    )
    const { app } = collectorWith({ sinks })
    expect((await problemOf(await present(app, batchOf(1, 2)))).retryAfter).toBe(retryAfter)
  })

  test('an event that a sink refuses leaves a tombstone there, its neighbours go on, and no other sink is harmed', async () => {
    const log = vi.fn<(entry: BatchLog) => void>()
    const whole = recordingSink({ name: 'whole' })
    const refusing = recordingSink({
      name: 'refusing',
      before: async ({ lines }) => {
        const texts = lines.map((line) => new TextDecoder().decode(line))
        // One at a time, as a destination may that stops at the first.
        const seqs = [2, 4].filter((seq) =>
          texts.some((text) => text.includes(`"seq":${seq},"messageId":"${STREAM}.${seq}","type":"track"`)),
        )
        return seqs.length > 0 ? { kind: 'refused', seqs: seqs.slice(0, 1) } : undefined
      },
    })
    const { app } = collectorWith({ sinks: [whole, refusing], log })
    const response = await present(app, batchOf(1, 5))
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ batchId: `${STREAM}:1-5`, recorded: 5, rejected: [] })
    expect(whole.events().map(({ type }) => type)).toEqual(['track', 'track', 'track', 'track', 'track'])
    expect(refusing.events().map(({ type }) => type)).toEqual(['track', 'rejected', 'track', 'rejected', 'track'])
    const [, tombstone] = refusing.events()
    const [event] = whole.events()
    const { received } = event as Record<string, unknown>
    const messageId = `${STREAM}.2`
    expect(tombstone).toEqual({
      ...{ streamId: STREAM, seq: 2, type: 'rejected', reason: 'refused_by_sink', messageId },
      received,
    })
    expect(log.mock.lastCall?.[0].sinks).toMatchObject([
      { name: 'whole', taken: true },
      { name: 'refusing', taken: true, refused: [2, 4] },
    ])
  })

  test('a sink may name tombstones and seqs of other batches beside the events that it refuses', async () => {
    const log = vi.fn<(entry: BatchLog) => void>()
    const answers: SinkFault[] = [
      { kind: 'refused', seqs: [9, 1, 2, 2] },
      { kind: 'refused', seqs: [2, 4] },
    ]
    const confused = recordingSink({ before: async () => answers.shift() })
    const { app } = collectorWith({ sinks: [confused], log })
    const lines = [tombstoneOf(1, { type: 'shed', reason: 'cap' }), lineOf(2), lineOf(3), lineOf(4)]
    expect((await present(app, batchOf(1, 4, lines))).status).toBe(200)
    expect(confused.events().map(({ type }) => type)).toEqual(['shed', 'rejected', 'track', 'rejected'])
    expect(log.mock.lastCall?.[0].sinks).toMatchObject([{ taken: true, refused: [2, 4] }])
  })

  test.each([[[3]], [[]], [[1]]])(
    'a sink that refuses %j, none of it an event of the batch, does not have it',
    async (seqs) => {
      const log = vi.fn<(entry: BatchLog) => void>()
      const confused = recordingSink({ before: async () => ({ kind: 'refused', seqs }) })
      const { app } = collectorWith({ sinks: [confused], log })
      const lines = [tombstoneOf(1, { type: 'shed', reason: 'cap' }), lineOf(2)]
      expect((await present(app, batchOf(1, 2, lines))).status).toBe(503)
      expect(log.mock.lastCall?.[0].sinks).toMatchObject([
        { taken: false, detail: 'it refuses only seqs that are no events of the batch, or tombstones already' },
      ])
    },
  )

  test('a sink that throws does not have the batch, and harms no other', async () => {
    const good = recordingSink()
    const { app } = collectorWith({ sinks: [throwing, good] })
    expect((await present(app, batchOf(1, 2))).status).toBe(503)
    expect(good.batches.size).toBe(1)
  })

  test('a sink that heeds no signal is left at its deadline', async () => {
    const log = vi.fn<(entry: BatchLog) => void>()
    const deaf = { ...recordingSink(), name: 'deaf', deliver: never as () => Promise<never> }
    const { app } = collectorWith({ sinks: [deaf], sinkDeadline: 20, log })
    expect((await present(app, batchOf(1, 2))).status).toBe(503)
    expect(log.mock.lastCall?.[0].sinks).toMatchObject([
      { name: 'deaf', taken: false, detail: 'TimeoutError: after 20 ms' },
    ])
  })

  test('a sink is told when its deadline has passed', async () => {
    const aborted = gate()
    const sink = {
      ...throwing,
      deliver: (_: unknown, signal: AbortSignal) => {
        signal.addEventListener('abort', () => aborted.open())
        return never() as Promise<never>
      },
    }
    const { app } = collectorWith({ sinks: [sink], sinkDeadline: 5 })
    await present(app, batchOf(1, 2))
    await aborted.opened
  })

  test('all sinks are at work at once', async () => {
    const both = gate()
    let started = 0
    const before = () => {
      if (++started === 2) both.open()
      return both.opened
    }
    const { app } = collectorWith({
      sinks: [recordingSink({ name: 'a', before }), recordingSink({ name: 'b', before })],
    })
    await recordedOf(await present(app, batchOf(1, 2)))
  })

  test('a best-effort sink does not hold the answer back, and may finish after it', async () => {
    const done = gate()
    const slow = recordingSink({ name: 'slow', required: false, before: () => done.opened })
    const log = vi.fn<(entry: BatchLog) => void>()
    const { app } = collectorWith({ sinks: [recordingSink(), slow], log })
    const background: Promise<unknown>[] = []
    const context = {
      waitUntil: (work: Promise<unknown>) => void background.push(work),
      passThroughOnException() {},
      props: {},
    }
    const request = new Request(`https://collector.example/v1/events?key=${KEY}`, {
      method: 'POST',
      body: batchOf(1, 2),
      headers: { Origin: ORIGIN, 'Content-Type': 'text/plain' },
    })
    await recordedOf(await app.request(request, undefined, undefined, context))
    expect(slow.batches.size).toBe(0)
    expect(log).not.toHaveBeenCalled()
    done.open()
    await Promise.all(background)
    expect(slow.batches.size).toBe(1)
    expect(log.mock.lastCall?.[0].sinks).toMatchObject([
      { name: 'recording', taken: true },
      { name: 'slow', taken: true },
    ])
  })

  test('a best-effort sink that fails changes nothing about the answer', async () => {
    const { app } = collectorWith({ sinks: [recordingSink(), { ...throwing, required: false }] })
    await recordedOf(await present(app, batchOf(1, 2)))
  })
})

describe('the log', () => {
  test('has one entry for a recorded batch', async () => {
    const log = vi.fn<(entry: BatchLog) => void>()
    let now = NOW
    const slow = recordingSink({
      before: async () => {
        now += 12
        return undefined
      },
    })
    const { app } = collectorWith({ log, now: () => now, sinks: [slow], signatureCache: noSignatureCache })
    const shed = JSON.stringify({ streamId: STREAM, seq: 2, type: 'shed', reason: 'age' })
    const header = headerOf(1, 3, { attempt: 4, copy: true })
    const body = [header, lineOf(1), shed, '{}', ''].join('\n')
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    await present(app, body, { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } })
    expect(log.mock.calls).toEqual([
      [
        {
          at: new Date(NOW + 12).toISOString(),
          status: 200,
          ms: 12,
          keyId: 'site',
          batchId: `${STREAM}:1-3`,
          attempt: 4,
          copy: true,
          traceId,
          events: 1,
          tombstones: 1,
          rejected: 1,
          bytes: body.length,
          sinks: [{ name: 'recording', taken: true, ms: 12 }],
        },
      ],
    ])
  })

  test('has one entry for a refusal', async () => {
    const log = vi.fn<(entry: BatchLog) => void>()
    const { app } = collectorWith({ log })
    await present(app, batchOf(1, 2, []))
    expect(log.mock.calls).toEqual([
      [expect.objectContaining({ status: 400, code: 'range_mismatch', keyId: 'site', batchId, events: 0, sinks: [] })],
    ])
  })

  test('has one quiet entry for an upload that broke off', async () => {
    const [stated, unstated] = [{ 'Content-Length': '1000' }, {}]
    for (const { query, headers } of [
      { query: { encoding: 'gzip' }, headers: stated },
      { query: {}, headers: unstated },
    ]) {
      const log = vi.fn<(entry: BatchLog) => void>()
      const { app, sink } = collectorWith({ log })
      const pieces = [encode(batchOf(1, 2).slice(0, 100))]
      const leaving = new ReadableStream<Uint8Array>({
        pull(controller) {
          const piece = pieces.shift()
          if (piece) controller.enqueue(piece)
          else controller.error(new DOMException('The client has left', 'AbortError'))
        },
      })
      const problem = await problemOf(await present(app, leaving, { query, headers }))
      expect(problem).toMatchObject({ status: 400, code: 'body_incomplete' })
      expect(log.mock.calls).toEqual([
        [
          expect.objectContaining({
            status: 400,
            code: 'body_incomplete',
            detail: 'Present the same batch again: the connection was lost, or the sender left.',
            keyId: 'site',
          }),
        ],
      ])
      expect(sink.batches.size).toBe(0)
    }
  })

  test.each<[how: string, log: () => void]>([
    [
      'throws',
      () => {
        throw new Error('the disk is full')
      },
    ],
    ['rejects', () => Promise.reject(new Error('the disk is full'))],
  ])('that %s harms no answer', async (_, log) => {
    const { app, sink } = collectorWith({ log })
    await recordedOf(await present(app, batchOf(1, 2)))
    expect(sink.batches.size).toBe(1)
    expect((await problemOf(await present(app, ''))).code).toBe('invalid_header')
    // Vitest fails the run for a rejection that nobody handled by then.
    await new Promise((resolve) => setTimeout(resolve, 20))
  })

  test('holds no control characters, wherever they come from', async () => {
    const log = vi.fn<(entry: BatchLog) => void>()
    const rude = recordingSink({ before: async () => ({ kind: 'transient', detail: '\u001b[2J\r\nrecorded' }) })
    const { app } = collectorWith({ log, sinks: [rude] })
    await present(app, batchOf(1, 2))
    expect(log.mock.lastCall?.[0].sinks[0]?.detail).toBe(' [2J recorded')
  })
})

test('a failure of the collector itself is a problem without a stack, and is logged with one', async () => {
  const log = vi.fn<(entry: BatchLog) => void>()
  let calls = 0
  const now = () => {
    if (++calls === 1) throw new Error('the clock has stopped')
    return NOW
  }
  const { app } = collectorWith({ log, now })
  const response = await present(app, batchOf(1, 2))
  expect(response.headers.get('Access-Control-Allow-Origin')).toBe(ORIGIN)
  const problem = await problemOf(response)
  expect(problem).toMatchObject({ status: 500, code: 'internal_error' })
  expect(JSON.stringify(problem)).not.toContain('clock')
  expect(log.mock.lastCall?.[0]).toMatchObject({
    status: 500,
    detail: expect.stringContaining('the clock has stopped'),
  })
})

test('/health says that it is up, and which sinks it has', async () => {
  const { app } = collectorWith()
  const response = await app.request('/health')
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({ status: 'ok', sinks: ['recording'] })
})

test('the path can be set', async () => {
  const { app } = collectorWith({ path: '/in/batches' })
  await recordedOf(await present(app, batchOf(1, 2), { path: '/in/batches' }))
  expect((await present(app, batchOf(1, 2))).status).toBe(404)
})

describe('Server-Timing', () => {
  const timingOf = ({ headers }: Response) => ({
    timing: headers.get('Server-Timing'),
    readableBy: headers.get('Timing-Allow-Origin'),
  })

  test('says how long the stages and each sink took, to the pages that may write', async () => {
    let now = NOW
    const slow = recordingSink({
      before: async () => {
        now += 30
        return undefined
      },
    })
    const { app } = collectorWith({ sinks: [slow], now: () => now })
    expect(timingOf(await present(app, batchOf(1, 2)))).toEqual({
      timing: 'take;dur=0, sinks;dur=30, sink-recording;dur=30',
      readableBy: ORIGIN,
    })
    expect(timingOf(await present(app, batchOf(1, 2, [])))).toEqual({ timing: 'take;dur=0', readableBy: ORIGIN })
  })

  test('says nothing to a page that may not', async () => {
    const { app } = collectorWith()
    const nothing = { timing: null, readableBy: null }
    const elsewhere = { headers: { Origin: 'https://elsewhere.example' } }
    expect(timingOf(await present(app, batchOf(1, 2), elsewhere))).toEqual(nothing)
    expect(timingOf(await present(app, batchOf(1, 2), { query: { key: 'wk_other' } }))).toEqual(nothing)
  })
})

describe('the trace context', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const traceOf = async (headers: Record<string, string>) => {
    const { app, sink } = collectorWith()
    await present(app, batchOf(1, 2), { headers })
    return [...sink.batches.values()][0]?.trace
  }

  test('of a request goes on to the sinks', async () => {
    expect(await traceOf({ traceparent, tracestate: 'rojo=1' })).toMatchObject({ traceparent, tracestate: 'rojo=1' })
  })

  test('is made where there is none, the same for every presentation of a batch', async () => {
    const made = await traceOf({})
    expect(made?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    expect(await traceOf({ traceparent: 'nonsense', tracestate: 'rojo=1' })).toEqual(made)
  })
})
