import type { ProblemCode, RejectionCode } from '@waybill/protocol'
import type { Bytes } from '../../src/core/bytes.ts'
import { eventOf, headerOf, lineOf, STREAM } from '../batches.ts'
import { KEY } from '../present.ts'
import { huge, invalid } from './corpus.ts'
import { CANARY, type Draft, encode } from './draft.ts'
import { type Answer, type Fault, type Faults, oneOf, pick, withMember } from './fault.ts'
import { toBytes, toGzip } from './gzip-file.ts'
import { BAD_UTF8, CONTROLS, filler, nest, withBytes } from './hostile-texts.ts'

const requests = (refused: ProblemCode, ...changes: ((draft: Draft) => void)[]) => oneOf({ refused }, ...changes)

/** The members of the header are changed; the last of two counts. */
const headers = (answer: Answer, ...texts: ((header: string, n: number) => string)[]): Fault<Draft> => ({
  answer,
  change(draft, _, n) {
    draft.header = encode(pick(texts, n)(new TextDecoder().decode(draft.header), n))
  },
})

/** One line is another, for the seq of a line that stands for one. */
const lines = (answer: Answer, ...texts: ((seq: number, n: number) => string | Bytes)[]): Fault<Draft> => ({
  answer,
  change(draft, at, n) {
    const index = at % draft.lines.length
    const chosen = draft.slots[index]?.seq === draft.slots[index]?.through ? index : 0
    const line = pick(texts, n)(draft.slots[chosen]?.seq ?? 0, n)
    draft.lines[chosen] = typeof line === 'string' ? encode(line) : line
  },
})

const rejected = (code: RejectionCode, ...texts: ((seq: number, n: number) => string | Bytes)[]): Fault<Draft> =>
  lines({ rejected: code }, ...texts)

/** The event's line with a text in the place of its properties. */
const withProperties = (json: (n: number) => string) => (seq: number, n: number) =>
  lineOf(seq).replace('{"total":42}', () => json(n))

const foreign = STREAM.replace('1', '2')
export const faults: Faults<Draft> = {
  'no key': requests('unknown_key', (draft) => {
    draft.keys = []
  }),
  'a key that is nearly right': requests(
    'unknown_key',
    ...[
      `${KEY} `,
      KEY.toUpperCase(),
      KEY.slice(0, -1),
      `${KEY}\0`,
      '',
      `wk_${CANARY}`,
      '__proto__',
      '[object Object]',
    ].map((key) => (draft: Draft) => {
      draft.keys = [key, KEY]
    }),
  ),
  'another content type': requests(
    'unsupported_media_type',
    ...[
      null,
      'application/json',
      'text/plainly',
      'text/html',
      'text',
      ';text/plain',
      'text/plain,text/html',
      'multipart/form-data',
    ].map((type) => (draft: Draft) => {
      draft.contentType = type
    }),
  ),
  'a content type in another dress': {
    answer: 'recorded',
    change(draft, _, n) {
      draft.contentType = pick(['text/plain', 'TEXT/Plain', 'text/plain ; charset=x', 'text/plain;;,"'], n)
    },
  },
  'another encoding': requests(
    'unsupported_encoding',
    ...['', 'GZIP', 'br', 'gzip ', 'gzip,gzip', 'deflate', `${CANARY}\r\nx: y`].map((encoding) => (draft: Draft) => {
      draft.encodings = [encoding, 'gzip']
    }),
  ),
  'gzip of gzip, as a quine would be': {
    answer: { refused: 'invalid_utf8' },
    change(draft) {
      draft.encodings = ['gzip']
      draft.pack = (bytes) => {
        const once = toBytes(toGzip(bytes, false))
        return { sent: toBytes(toGzip(once, false)), inflated: once }
      }
    },
  },

  'a header that is not UTF-8': {
    answer: { refused: 'invalid_utf8' },
    change(draft, _, n) {
      draft.header = withBytes(new TextDecoder().decode(draft.header), '"streamId"', pick(BAD_UTF8, n))
    },
  },
  'a header that is no JSON': headers(
    { refused: 'invalid_header' },
    (_, n) => pick(invalid, n >> 2),
    (header, n) => header.replace(CANARY, pick(CONTROLS, n)),
    (header) => `\ufeff${header}`,
    (header) => `${header}}`,
    () => '',
    () => 'null',
    () => '[]',
    () => nest(4_000),
  ),
  'a header with a wrong member': headers(
    { refused: 'invalid_header' },
    withMember('"v":2'),
    withMember('"v":"1"'),
    withMember('"v":[1]'),
    withMember(`"streamId":"${STREAM.toUpperCase()}"`),
    withMember('"streamId":"../../etc/passwd"'),
    withMember(`"streamId":"${STREAM}\\n"`),
    withMember('"first":0'),
    withMember('"first":1e400'),
    withMember('"first":-0'),
    withMember('"last":9007199254740993'),
    withMember('"last":0.5'),
    withMember('"batchId":null'),
    withMember(`"batchId":"${CANARY}"`),
    withMember('"cutAt":"2026-11-22"'),
    withMember('"cutAt":"2026-13-22T10:00:00.000Z"'),
    withMember('"cutAt":"../../../../../..0.000Z"'),
    withMember('"sentAt":"2026-11-22T10:00:00.000+01:00"'),
    withMember('"sentAt":0'),
    withMember('"sdk":""'),
    withMember(`"sdk":"${filler(101)}"`),
    withMember('"attempt":0'),
    withMember('"attempt":"1"'),
    withMember('"copy":1'),
    withMember('"receipt":{}'),
    withMember('"token":null'),
  ),
  'a header without a member': headers({ refused: 'invalid_header' }, (header, n) =>
    header.replace(
      `"${pick(['v', 'batchId', 'streamId', 'first', 'last', 'cutAt', 'sdk', 'sentAt', 'attempt'], n)}"`,
      '"x"',
    ),
  ),
  'a header that is too long': headers({ refused: 'invalid_header' }, withMember(`"x":"${filler(8_192)}"`)),
  'a header with what is ignored': headers(
    'recorded',
    withMember('"__proto__":{"v":2,"first":9}'),
    withMember('"v":1'),
    withMember('"sdk":"\\ud800\\u0000"'),
    withMember('"copy":true'),
    withMember('"constructor":{"prototype":{"copy":true}}'),
    withMember(`"x":${nest(3_000)}`),
    withMember('"receipt":"\\u0000"'),
    (header) => ` \t${header}\r`,
  ),

  'a line left out': {
    answer: 'as the oracle says',
    change: (draft, at) => void draft.lines.splice(at % draft.lines.length, 1),
  },
  'a line too many': {
    answer: { refused: 'range_mismatch' },
    change: (draft, at) => void draft.lines.splice(at % (draft.lines.length + 1), 0, draft.lines[0] ?? encode('{}')),
  },
  'an empty line at the end': {
    answer: { refused: 'range_mismatch' },
    change(draft) {
      draft.end = '\n\n'
    },
  },
  'no LF at the end': {
    answer: 'recorded',
    change(draft) {
      draft.end = ''
    },
  },
  'lines in another order': {
    answer: 'as the oracle says',
    change: (draft) => void draft.lines.reverse(),
  },
  'an event of another seq': lines(
    { refused: 'range_mismatch' },
    (seq) => lineOf(seq, { seq: seq + 1 }),
    (seq) => lineOf(seq + 3),
    (seq) => lineOf(seq).replace(`"seq":${seq}`, '"seq":9007199254740991'),
  ),
  'an event of another stream': lines(
    { refused: 'range_mismatch' },
    (seq) => lineOf(seq, { streamId: foreign, messageId: `${foreign}.${seq}` }),
    (seq) => lineOf(seq, { streamId: foreign, type: 'shed', reason: 'age' }),
  ),
  'a tombstone that reaches beyond': lines(
    { refused: 'range_mismatch' },
    (seq) => lineOf(seq, { type: 'shed', reason: 'age', through: 2 ** 53 - 1 }),
    (seq) => lineOf(seq, { type: 'rejected', through: 2 ** 53 - 1 }),
    (seq) => lineOf(seq, { type: 'shed', through: 2 ** 53 - 1 }).replace('{', '{"seq":1,'),
  ),

  'an event that is not UTF-8': rejected('invalid_utf8', (seq, n) =>
    withBytes(lineOf(seq, { event: `${CANARY}x` }), 'x"', pick(BAD_UTF8, n)),
  ),
  'an event that is no JSON': rejected(
    'invalid_json',
    (_, n) => pick(invalid, n >> 3),
    (seq, n) => withProperties(() => `{"x":${pick(invalid, n >> 3)}}`)(seq, n),
    (seq, n) => lineOf(seq, { event: 'x' }).replace('x', pick(CONTROLS, n)),
    (seq) => `\ufeff${lineOf(seq)}`,
    (seq) => `${lineOf(seq)}\r`,
    (seq) => ` ${lineOf(seq)}`,
    (seq) => `[${lineOf(seq)}]`,
    (seq) => `${lineOf(seq)}{}`,
    (seq) => lineOf(seq).replace('"total"', "'total'"),
    withProperties(() => '{"a":042}'),
    withProperties(() => '{"a":NaN}'),
    (seq) => lineOf(seq).replace('}', ',}'),
    (seq) => lineOf(seq).replace('{', '{/**/'),
    (seq) => lineOf(seq).replace('Order', '\\x00'),
    () => '',
    () => '{',
    () => '}',
  ),
  'an event that names a member twice': rejected(
    'duplicate_member',
    (seq) => lineOf(seq).replace('{', '{"seq":7,'),
    (seq) => lineOf(seq).replace('{', '{"\\u0073eq":7,'),
    (seq) => lineOf(seq).replace(/}$/, `,"streamId":"${foreign}"}`),
    withProperties(() => '{"__proto__":{}},"properties":{}'),
    withProperties(() => '{"a":[{"b":{"c":1,"\\u0063":1}}]}'),
    withProperties(() => '{"":1,"":2,":":"{\\":"}'),
    withProperties(() => `{"a":${nest(2_000)},"a":1}`),
    (seq) => lineOf(seq).replace(/}$/, ',"received":1,"received":1}'),
    (seq) => lineOf(seq).replace('{', '{"__proto__":1,"__proto__":1,'),
  ),
  'an event that is not one': rejected(
    'invalid_event',
    (seq) => lineOf(seq, { seq: undefined }),
    (seq) => lineOf(seq, { seq: String(seq) }),
    (seq) => lineOf(seq).replace(`"seq":${seq}`, '"seq":1e999'),
    (seq) => lineOf(seq, { streamId: STREAM.toUpperCase() }),
    (seq) => lineOf(seq, { streamId: `${STREAM}\n` }),
    (seq) => lineOf(seq, { messageId: `${STREAM}.0${seq}` }),
    (seq) => lineOf(seq, { type: '__proto__' }),
    (seq) => lineOf(seq, { type: ['track'] }),
    (seq) => lineOf(seq, { event: '' }),
    (seq) => lineOf(seq, { timestamp: '2026-11-22T10:00:00.000z' }),
    (seq) => lineOf(seq, { anonymousId: undefined }),
    (seq) => lineOf(seq, { userId: {} }),
    (seq) => lineOf(seq, { properties: [] }),
    (seq) => lineOf(seq, { context: 'x' }),
    (seq) => lineOf(seq, { state: null }),
    (_, n) => pick(['{}', '{"a":{}}', '{"toString":1}'], n),
  ),
  'an event that is too large': rejected(
    'event_too_large',
    (seq) => lineOf(seq, { context: { x: filler(45_056) } }),
    () => '\u0000'.repeat(45_057),
  ),
  'an event with too large properties': rejected(
    'properties_too_large',
    (seq) => lineOf(seq, { properties: { x: 'é'.repeat(8_190) } }),
    (seq) => lineOf(seq, { traits: { x: filler(16_384) } }),
    withProperties(() => `{"x":"${'\\"'.repeat(8_192)}"}`),
  ),
  'an event with too large a state': rejected('state_too_large', (seq) =>
    lineOf(seq, { state: { x: filler(16_384) } }),
  ),
  'an event that is too deep': rejected(
    'too_deep',
    withProperties(() => nest(32, '[', ']').replace(/^/, '{"a":').concat('}')),
    withProperties((n) => `{"a":${nest(31 + (n % 3_000))}}`),
    withProperties((n) => `{"a":1,"b":${'{"":'.repeat(40 + (n % 5_000))}1${'}'.repeat(40 + (n % 5_000))}}`),
  ),
  'an event as deep as may be': lines(
    'recorded',
    withProperties(() => `{"a":${nest(30)}}`),
  ),
  'an event that pollutes prototypes': rejected(
    'prototype_member',
    withProperties(() => '{"__proto__":{"admin":true}}'),
    withProperties(() => '{"a":[[{"\\u005f_proto_\\u005F":null}]]}'),
    (seq) => lineOf(seq).replace('{', '{"__proto__":[],'),
  ),
  "an event with the collector's own member": rejected(
    'reserved_member',
    (seq) => lineOf(seq, { received: { at: CANARY } }),
    (seq) => lineOf(seq).replace('{', '{"rec\\u0065ived":null,'),
  ),
  'a tombstone that is not fit': rejected(
    'invalid_event',
    (seq) => lineOf(seq, { type: 'shed' }),
    (seq) => lineOf(seq, { type: 'rejected', reason: 'x'.repeat(65) }),
    (seq) => lineOf(seq, { type: 'shed', reason: `${CANARY} left` }),
    (seq) => lineOf(seq, { type: 'shed', reason: 'age', through: 'x' }),
    (seq) => lineOf(seq, { type: 'shed', reason: 'age', through: 0 }),
    (seq) => lineOf(seq, { type: 'shed', reason: 'age', messageId: 'x' }),
  ),
}

const many = encode(linesFrom(1, 501))
const large = Array.from({ length: 13 }, (_, index) => lineOf(index + 1, { context: { x: filler(44_000) } })).join('\n')
const bomb = toGzip(encode(`${headerOf(1, 1)}\n${' '.repeat(8 * 2 ** 20)}`), false)

function linesFrom(first: number, last: number): string {
  return Array.from({ length: last - first + 1 }, (_, index) => JSON.stringify(eventOf(first + index))).join('\n')
}

const batches = (answer: Answer, header: string, all: Bytes): Fault<Draft> => ({
  answer,
  change(draft) {
    draft.header = encode(header)
    draft.lines = [all]
    draft.slots = [{ seq: 1, through: 1 }]
  },
})

/** Those that take as long as hundreds of the others. */
export const largeFaults: Faults<Draft> = {
  'too many lines': batches({ refused: 'too_many_events' }, headerOf(1, 501), many),
  'nothing but LFs': batches({ refused: 'too_many_events' }, headerOf(1, 501), encode('\n'.repeat(20_000))),
  'a body that is too large': batches({ refused: 'body_too_large' }, headerOf(1, 13), encode(large)),
  'a batch that inflates to too much': {
    answer: { refused: 'batch_too_large' },
    change(draft) {
      batches('recorded', headerOf(1, 13), encode(large)).change(draft, 0, 0)
      draft.encodings = ['gzip']
      draft.pack = (bytes) => ({ sent: toBytes(toGzip(bytes, false)), inflated: bytes })
    },
  },
  'a decompression bomb': {
    answer: { refused: 'batch_too_large' },
    change(draft) {
      draft.encodings = ['gzip']
      draft.pack = () => ({ sent: toBytes(bomb), inflated: new Uint8Array(524_289) })
    },
  },
  'the deepest texts of the corpus': {
    answer: 'as the oracle says',
    change(draft, at, n) {
      draft.lines[at % draft.lines.length] = encode(pick(huge, n))
    },
  },
}
