import type { ProblemCode, RejectionCode } from '@waybill/protocol'
import type { Bytes } from '../../src/core/bytes.ts'
import { KEY } from '../present.ts'
import { corpus, huge, invalid } from './corpus.ts'
import { CANARY, encode } from './draft.ts'
import { type Answer, type Fault, type Faults, oneOf, pick } from './fault.ts'
import { toBytes, toGzip } from './gzip-file.ts'
import { BAD_UTF8, CONTROLS, filler, nest, withBytes } from './hostile-texts.ts'
import type { SegmentDraft } from './segment-draft.ts'
import { guarded, signedKeyOf } from './world.ts'

const requests = (refused: ProblemCode, ...changes: ((draft: SegmentDraft, n: number) => void)[]) =>
  oneOf({ refused }, ...changes)

function takeBatch(draft: SegmentDraft): void {
  if (draft.takes === 'batch') return
  draft.path = '/v1/batch'
  draft.takes = 'batch'
}

/** The body is another; the key comes beside it. */
const bodies = (answer: Answer, ...texts: ((n: number) => string | Bytes)[]): Fault<SegmentDraft> => ({
  answer,
  change(draft, _, n) {
    takeBatch(draft)
    if (draft.place === 'body') draft.place = 'header'
    const body = pick(texts, n)(n)
    draft.body = typeof body === 'string' ? encode(body) : body
  },
})

const inBatch = (text: string): string => `{"batch":[${text}]}`

/** What a client of Segment's says of one event. */
const eventOf = (members: object = {}): string =>
  JSON.stringify({
    type: 'track',
    messageId: 'm-0',
    event: 'Order Completed',
    properties: { total: 42 },
    userId: 'u-1',
    timestamp: '2026-11-22T10:00:00.000Z',
    ...members,
  })

/** One event of a batch is another. */
const events = (answer: Answer, ...texts: ((n: number) => string | Bytes)[]): Fault<SegmentDraft> => ({
  answer,
  change(draft, at, n) {
    takeBatch(draft)
    const event = pick(texts, n)(n)
    draft.events[at % draft.events.length] = typeof event === 'string' ? encode(event) : event
  },
})

const rejected = (code: RejectionCode, ...texts: ((n: number) => string | Bytes)[]): Fault<SegmentDraft> =>
  events({ rejected: code }, ...texts)

const withProperties = (json: (n: number) => string) => (n: number) => eventOf().replace('{"total":42}', () => json(n))

/** Texts that end within themselves: what is around them cannot become part of them. */
const closed = (text: string): boolean => {
  const outside = text.replace(/"(?:[^"\\]|\\.)*"/gs, '')
  let depth = 0
  for (const character of outside) {
    if ('{['.includes(character)) depth += 1
    if ('}]'.includes(character) && --depth < 0) return false
  }
  return depth === 0 && !outside.includes('"') && !outside.includes(',')
}
const closedInvalid = invalid.filter(
  (text) => closed(text.replace(/^\s*[[{]|[\]}]\s*$/g, '')) && closed(text) && text.trim() !== '',
)

export const segmentFaults: Faults<SegmentDraft> = {
  'no key, to Segment’s API': requests('unknown_key', (draft) => {
    draft.keys = []
  }),
  'a key that is nearly right, to Segment’s API': requests(
    'unknown_key',
    ...[`${KEY} `, KEY.toUpperCase(), KEY.slice(0, -1), `wk_${CANARY}`, '__proto__'].map(
      (key) => (draft: SegmentDraft) => {
        draft.keys = [key, KEY]
      },
    ),
    (draft) => {
      draft.place = 'body'
      draft.beside.push(`"writeKey":${JSON.stringify(KEY)}`)
    },
    ...['null', '{}', `[${JSON.stringify(KEY)}]`, 'wk_test'].map((text) => (draft: SegmentDraft) => {
      draft.keys = []
      draft.beside.push(`"writeKey":${text}`)
    }),
  ),
  'a key that comes before a better one': requests(
    'unknown_key',
    (draft) => {
      draft.place = 'header'
      draft.keys = [`wk_${CANARY}`, KEY]
    },
    (draft) => {
      draft.place = 'query'
      draft.keys = ['', KEY]
      draft.beside.push(`"writeKey":${JSON.stringify(KEY)}`)
    },
    (draft) => {
      draft.place = 'header'
      draft.authorization = `Basic ${Buffer.from(`${CANARY}:${KEY}`).toString('base64')}`
    },
  ),
  'an Authorization that is none, with a key elsewhere': oneOf(
    'recorded',
    ...[
      '',
      'Basic',
      'Basic ',
      'Basic %%%',
      'Basic A',
      'Basic OnNlY3JldA==',
      `Bearer ${CANARY}`,
      'Basic d2tfdGVzdDo= x',
      'Digest username="wk_test"',
      'Basic d2tfdGVzdDo',
      'basic   d2tfdGVzdDpwYXNzd29yZDp3aXRoOmNvbG9ucw==  ',
    ].map((authorization) => (draft: SegmentDraft) => {
      draft.place = 'header'
      draft.keys = [KEY, KEY]
      draft.authorization = authorization
    }),
  ),
  'a key that asks for a token, to Segment’s API': requests('token_required', (draft, n) => {
    draft.keys = [pick([guarded.key, signedKeyOf({ token: 'required' })], n)]
  }),
  'another Content-Encoding': requests(
    'unsupported_encoding',
    ...[
      ['br'],
      ['deflate'],
      ['x-gzip'],
      ['gzip', 'gzip'],
      ['identity', 'gzip'],
      ['gzip;q=1'],
      [''],
      [CANARY],
      ['*'],
    ].map((encodings) => (draft: SegmentDraft) => {
      draft.encodings = encodings
    }),
  ),
  'a Content-Encoding in another dress': oneOf('recorded', (draft: SegmentDraft, n) => {
    draft.encodings = [pick(['GZip', 'GZIP'], n)]
    draft.pack = (bytes) => ({ sent: toBytes(toGzip(bytes, true)), inflated: bytes })
  }),
  'a Content-Encoding of nothing': oneOf('recorded', (draft: SegmentDraft, n) => {
    draft.encodings = [pick(['identity', 'Identity'], n)]
  }),
  'a content type of any kind': oneOf('recorded', (draft: SegmentDraft, n) => {
    draft.contentType = pick([null, 'application/json', 'text/html', CANARY, 'multipart/form-data', ''], n)
  }),
  'a body that lies about being plain': {
    answer: { refused: 'invalid_body' },
    change(draft) {
      if (draft.place === 'body') draft.place = 'query'
      draft.encodings = []
      draft.pack = (bytes) => ({ sent: toBytes(toGzip(bytes, true)) })
    },
  },
  'how often it was sent, in any words': {
    answer: 'recorded',
    change(draft, _, n) {
      const [name, value, attempt] = pick(
        [
          ['X-Retry-Count', '3', 4],
          ['Rsa-Retry-Attempt', '1', 2],
          ['X-Retry-Count', '9999', 10_000],
          ['X-Retry-Count', '-1', 1],
          ['X-Retry-Count', '1e9', 1],
          ['X-Retry-Count', '99999999999999999999', 1],
          ['X-Retry-Count', CANARY, 1],
          ['X-Retry-Count', '', 1],
        ] as const,
        n,
      )
      draft.headers = [...draft.headers.filter(([other]) => !/retry/i.test(other)), [name, value]]
      draft.effects = { ...draft.effects, attempt }
    },
  },

  'a body that is no object': bodies(
    { refused: 'invalid_body' },
    (n) => pick(invalid, n >> 3),
    () => '',
    () => 'null',
    () => '[]',
    () => `[${eventOf()}]`,
    () => `\ufeff${inBatch(eventOf())}`,
    () => `${inBatch(eventOf())}}`,
    () => `${inBatch(eventOf())}\0`,
    () => inBatch(eventOf()).slice(0, -1),
    () => inBatch(eventOf()).replace(/}$/, ']'),
    () => `{"batch":[${eventOf()}}]`,
    () => `{"batch":[${eventOf().replace('Completed"', 'Completed')}]}`,
    () => nest(4_000),
  ),
  'a body that is no batch': bodies(
    { refused: 'invalid_body' },
    () => '{}',
    () => eventOf(),
    () => '{"batch":null}',
    () => `{"batch":${eventOf()}}`,
    () => `{"batch":"[${CANARY}]"}`,
    () => '{"batch":[]],"x":[[]}',
    () => '{"batch":}',
    () => '{"batch"}',
    () => '{"batch":[],"batch":[]}',
    () => `{"batch":[],"\\u0062atch":[${eventOf()}]}`,
    () => '{"context":{},"batch":[],"context":{}}',
    () => '{"batch":[],}',
    () => '{,"batch":[]}',
    () => '{"batch":[],batch:1}',
    () => '{"batch":[],1:1}',
    () => '{"batch":[]"x":1}',
    () => '{"batch":[]}{}',
  ),
  'a body that is no JSON beside its batch': bodies(
    'recorded',
    () => `{"batch":[${eventOf()}],"x":tru}`,
    () => `{"x":{],"batch":[${eventOf()}]}`,
    () => `{"batch":[${eventOf()}],"sentAt":2026-11}`,
  ),
  'a batch of nothing': bodies(
    'recorded',
    () => '{"batch":[]}',
    () => ' { "batch" : [ ] } ',
  ),
  'a batch with what is shared, and is no JSON': bodies(
    { rejected: 'invalid_json' },
    () => `{"batch":[${eventOf()}],"context":{"a":tru}}`,
    () => `{"context":{,"batch":[${eventOf()}]},"batch":[${eventOf()}]}`,
    () => `{"batch":[${eventOf()}],"integrations":4 2}`,
  ),

  'an event of Segment’s that is not UTF-8': rejected(
    'invalid_utf8',
    (n) => withBytes(eventOf(), 'Completed', pick(BAD_UTF8, n >> 1)),
    (n) => withBytes(eventOf(), 'total', pick(BAD_UTF8, n >> 1)),
    (n) => withBytes(eventOf(), 'vent"', pick(BAD_UTF8, n >> 1)),
  ),
  'an event of Segment’s that is no JSON': rejected(
    'invalid_json',
    (n) => pick(closedInvalid, n >> 3),
    (n) => withProperties(() => `{"x":${pick(closedInvalid, n >> 3)}}`)(n),
    (n) => eventOf({ event: 'x' }).replace('"x"', `"${pick(CONTROLS, n)}"`),
    () => `\ufeff${eventOf()}`,
    () => eventOf().replace('42', '4 2'),
    () => eventOf().replace('42', '- 42'),
    () => eventOf().replace('42', 'tr\nue'),
    () => eventOf().replace('42', '4\t.2'),
    () => eventOf().replace(/}$/, ']'),
    () => eventOf().replace('{"total":42}', '{"total":42]'),
    () => eventOf().replace('{', '{"sentAt":nul,'),
    () => eventOf().replace('{', '{"writeKey":,'),
    () => eventOf().replace('"track"', 'track'),
    () => eventOf().replace('"m-0"', 'm-0'),
    () => eventOf().replace('{', '{"_metadata":{"retryCount":+1},'),
    () => eventOf().replace('{', '{"userId2":nulL,'),
    () => eventOf().replace('"properties"', "'properties'"),
    () => withProperties(() => '{"a":042}')(0),
    () => eventOf().replace('}', ',}'),
    () => eventOf().replace('{', '{/**/'),
    () => `${eventOf()}{}`,
    () => `[${eventOf()}]`,
    () => '[]',
    () => 'null',
    () => '7',
  ),
  'an event of Segment’s that names a member twice': rejected(
    'duplicate_member',
    () => eventOf().replace('{', '{"type":"page",'),
    () => eventOf().replace('{', '{"\\u0074ype":"track",'),
    () => eventOf().replace('{', '{"sentAt":1,"sentAt":1,'),
    withProperties(() => '{"a":[{"b":{"c":1,"\\u0063":1}}]}'),
    withProperties(() => '{"":1,"":2,":":"{\\":"}'),
    withProperties(() => `{"a":${nest(2_000)},"a":1}`),
    () => eventOf().replace('{', '{"context":{"a":1,"a":1},'),
  ),
  'an event of Segment’s that is not one': rejected(
    'invalid_event',
    () => eventOf({ type: undefined }),
    () => eventOf({ type: 'Track' }),
    () => eventOf({ type: ['track'] }),
    () => eventOf({ event: '' }),
    () => eventOf({ userId: undefined }),
    () => eventOf({ userId: '', anonymousId: null }),
    () => eventOf({ userId: {} }),
    () => eventOf({ userId: true }),
    () => eventOf({ properties: [] }),
    () => eventOf({ context: 'x' }),
    () => eventOf({ traits: 1 }),
    () => eventOf({ timestamp: 'yesterday' }),
    () => eventOf({ timestamp: 5 }),
    () => eventOf({ timestamp: '+275760-09-13T00:00:00.000Z' }),
    () => eventOf({ messageId: {} }),
    () => eventOf({ messageId: true }),
    () => eventOf({ messageId: 'x'.repeat(257) }),
    () => '{}',
  ),
  'an event of Segment’s that is too large': rejected(
    'event_too_large',
    () => eventOf({ context: { x: filler(45_056) } }),
    () => eventOf({ messageId: undefined, properties: { x: 'é'.repeat(22_528) } }),
  ),
  'an event of Segment’s that is large': events('recorded', () => eventOf({ properties: { x: filler(44_000) } })),
  'an event of Segment’s that is too deep': rejected(
    'too_deep',
    withProperties((n) => `{"a":${nest(31 + (n % 3_000))}}`),
    withProperties((n) => `{"a":1,"b":${'{"":'.repeat(40 + (n % 5_000))}1${'}'.repeat(40 + (n % 5_000))}}`),
  ),
  'an event of Segment’s that pollutes prototypes': rejected(
    'prototype_member',
    withProperties(() => '{"__proto__":{"admin":true}}'),
    withProperties(() => '{"a":[[{"\\u005f_proto_\\u005F":null}]]}'),
    () => eventOf().replace('{', '{"__proto__":[],'),
    () => eventOf().replace('{', '{"context":{"__proto__":{"a":1}},'),
  ),
  'an event of Segment’s with the collector’s own members': rejected(
    'reserved_member',
    () => eventOf({ received: { at: CANARY } }),
    () => eventOf().replace('{', '{"rec\\u0065ived":0,'),
    () => eventOf({ streamId: CANARY }),
    () => eventOf().replace('{', '{"s\\u0065q":1,'),
  ),
  'events that are alike': events(
    'recorded',
    () => [eventOf(), eventOf()].join(),
    () =>
      Array(3)
        .fill(eventOf({ messageId: undefined }))
        .join(),
    () =>
      Array(3)
        .fill(eventOf({ messageId: '' }))
        .join(' , '),
  ),
  'a text of the corpus in an event of Segment’s': {
    answer: 'as the oracle says',
    change(draft, at, n) {
      const index = at % draft.events.length
      const event = new TextDecoder().decode(draft.events[index])
      draft.events[index] = encode(event.replace('"total":42', () => `"x":${corpus[n % corpus.length]}`))
    },
  },
  'a text of the corpus for an event of Segment’s': events(
    'as the oracle says',
    (n) => corpus[n % corpus.length] ?? '',
  ),
  'a text of the corpus for a body': bodies('as the oracle says', (n) => corpus[n % corpus.length] ?? ''),
}

const numbered = (length: number, each: (index: number) => string): string =>
  Array.from({ length }, (_, index) => each(index)).join()
const small = (index: number): string => `{"type":"screen","userId":"u","messageId":"${index}"}`

/** Those that take as long as hundreds of the others. */
export const largeSegmentFaults: Faults<SegmentDraft> = {
  'too many events': bodies(
    { refused: 'too_many_events' },
    () => inBatch(numbered(2_501, small)),
    () => inBatch(','.repeat(100_000)),
    () => inBatch(numbered(20_000, () => '0')),
  ),
  'more events than a batch of ours holds': bodies('recorded', () => inBatch(numbered(501, small))),
  'a body of Segment’s that is too large': bodies({ refused: 'body_too_large' }, () =>
    inBatch(eventOf({ context: { x: filler(524_288) } })),
  ),
  'a body of Segment’s that inflates to too much': {
    answer: { refused: 'batch_too_large' },
    change(draft, at, n) {
      const bomb = encode(inBatch(' '.repeat(n % 2 === 0 ? 524_288 : 2 ** 20)))
      bodies('recorded', () => bomb).change(draft, at, n)
      draft.encodings = ['gzip']
      draft.pack = (bytes) => ({ sent: toBytes(toGzip(bytes, false)), inflated: bytes })
    },
  },
  'a batch that shares too much': bodies(
    { refused: 'batch_too_large' },
    () => `{"context":{"x":"${filler(100_000)}"},"batch":[${numbered(30, small)}]}`,
    () => `{"integrations":{"x":"${filler(1_000)}"},"batch":[${numbered(2_200, small)}]}`,
  ),
  'a body of nothing but commas': bodies(
    { refused: 'invalid_body' },
    () => `{${','.repeat(100_000)}}`,
    () => `{"batch":[],${','.repeat(100_000)}}`,
    () => `{${numbered(5_000, () => '"":1')}}`,
  ),
  'an event of many members': events(
    { rejected: 'event_too_large' },
    () => `{${numbered(3_000, (index) => `"${index} of many":1`)}}`,
    () => eventOf({ userId: 'u'.repeat(100_000) }),
  ),
  'an Authorization that is huge': {
    answer: 'recorded',
    change(draft, _, n) {
      draft.place = 'header'
      draft.keys = [KEY, KEY]
      draft.authorization = pick(
        [
          `Basic ${'A'.repeat(128 * 1_024)} x`,
          `Basic ${' '.repeat(128 * 1_024)}x y`,
          `Basic${' '.repeat(128 * 1_024)}`,
        ],
        n,
      )
    },
  },
  'the deepest texts of the corpus in a body': {
    answer: 'as the oracle says',
    change(draft, at, n) {
      draft.events[at % draft.events.length] = encode(pick(huge, n))
    },
  },
}
