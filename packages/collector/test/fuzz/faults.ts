import type { ProblemCode, RejectionCode } from '@waybill/protocol'
import { type Bytes, concat } from '../../src/core/bytes.ts'
import { eventOf, headerOf, lineOf, STREAM } from '../batches.ts'
import { KEY, ORIGIN } from '../present.ts'
import { huge, invalid } from './corpus.ts'
import { CANARY, type Draft, encode, plain } from './draft.ts'
import { crc32, FIRST_BLOCK, type GzipFile, littleEndian, toBytes, toGzip } from './gzip-file.ts'

/** One class of hostile request: what it does to a good one, and how that has to be answered when nothing else is wrong. */
export interface Fault {
  answer: { refused: ProblemCode } | { rejected: RejectionCode } | 'recorded' | 'as the oracle says'
  /** @param at which line, where it is about one; any number */
  change(draft: Draft, at: number, n: number): void
}

const pick = <Value>(values: readonly Value[], n: number): Value => values[n % values.length] as Value

const requests = (refused: ProblemCode, ...changes: ((draft: Draft) => void)[]): Fault => ({
  answer: { refused },
  change: (draft, _, n) => pick(changes, n)(draft),
})

/** The members of the header are changed; the last of two counts. */
const headers = (answer: Fault['answer'], ...texts: ((header: string, n: number) => string)[]): Fault => ({
  answer,
  change(draft, _, n) {
    draft.header = encode(pick(texts, n)(new TextDecoder().decode(draft.header), n))
  },
})

const withMember = (member: string) => (header: string) => header.replace(/}$/, () => `,${member}}`)

/** One line is another, for the seq of a line that stands for one. */
const lines = (answer: Fault['answer'], ...texts: ((seq: number, n: number) => string | Bytes)[]): Fault => ({
  answer,
  change(draft, at, n) {
    const index = at % draft.lines.length
    const chosen = draft.slots[index]?.seq === draft.slots[index]?.through ? index : 0
    const line = pick(texts, n)(draft.slots[chosen]?.seq ?? 0, n)
    draft.lines[chosen] = typeof line === 'string' ? encode(line) : line
  },
})

const rejected = (code: RejectionCode, ...texts: ((seq: number, n: number) => string | Bytes)[]): Fault =>
  lines({ rejected: code }, ...texts)

/** The event's line with a text in the place of its properties. */
const withProperties = (json: (n: number) => string) => (seq: number, n: number) =>
  lineOf(seq).replace('{"total":42}', () => json(n))

const nest = (depth: number, open = '[', close = ']') => open.repeat(depth) + close.repeat(depth)

/** Bytes that are in no UTF-8 text (Unicode Standard, table 3-7). */
const BAD_UTF8 = [
  [0x80],
  [0xff],
  [0xc0, 0x80],
  [0xc1, 0xbf],
  [0xe0, 0x80, 0x80],
  [0xed, 0xa0, 0x80],
  [0xed, 0xbf, 0xbf],
  [0xf0, 0x80, 0x80, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0xe2, 0x82],
  [0xf0, 0x9f, 0x92],
  [0xfc, 0x80, 0x80, 0x80, 0x80, 0x80],
].map((bytes) => Uint8Array.from(bytes))

const withBytes = (text: string, before: string, bytes: Bytes): Bytes => {
  const at = text.indexOf(before)
  return concat([encode(text.slice(0, at)), bytes, encode(text.slice(at))])
}

const foreign = STREAM.replace('1', '2')
const filler = (bytes: number) => 'x'.repeat(bytes)

/** Control characters that JSON has no place for. */
const CONTROLS = ['\0', '\u0001', '\b', '\f', '\u001b', '\u001f']

const gzips = (answer: Fault['answer'], stored: boolean, change: (file: GzipFile, n: number) => Bytes): Fault => ({
  answer,
  change(draft, _, n) {
    draft.encodings = ['gzip']
    draft.pack = (bytes) => {
      const sent = change(toGzip(bytes, stored), n)
      return { sent, inflated: answer === 'recorded' ? bytes : undefined }
    }
  },
})

const broken = (change: (file: GzipFile, n: number) => Bytes, stored = true) =>
  gzips({ refused: 'invalid_encoding' }, stored, change)

const flip = (bytes: Bytes, at: number, bit: number): Bytes => {
  const flipped = bytes.slice()
  flipped[at] = (flipped[at] ?? 0) ^ (1 << bit)
  return flipped
}

const EMPTY = toBytes(toGzip(new Uint8Array(), true))

const hcrc = ({ head, optional }: GzipFile) =>
  new Uint8Array(littleEndian(crc32(concat([head, optional])) & 0xffff).subarray(0, 2))

export const faults: Record<string, Fault> = {
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
  'a foreign origin': requests(
    'origin_not_allowed',
    ...[
      null,
      'null',
      `${ORIGIN}.${CANARY}.net`,
      `${ORIGIN}/`,
      `${ORIGIN}:443`,
      ORIGIN.replace('s', ''),
      '*',
      ORIGIN.toUpperCase(),
    ].map((origin) => (draft: Draft) => {
      draft.origin = origin
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
  'an upload that breaks off': {
    answer: { refused: 'body_incomplete' },
    change(draft) {
      draft.breaksOff = true
    },
  },

  'text that is called gzip': {
    answer: { refused: 'invalid_encoding' },
    change(draft) {
      draft.encodings = ['gzip']
      draft.pack = plain
    },
  },
  'gzip, compressed': gzips('recorded', false, toBytes),
  'gzip, stored': gzips('recorded', true, toBytes),
  'gzip with a time and a system': gzips('recorded', false, (file, n) =>
    toBytes({ ...file, head: Uint8Array.of(0x1f, 0x8b, 8, n & 1, n, n >> 8, 7, 7, n, n) }),
  ),
  'gzip with a name, a comment and extra bytes': gzips('recorded', false, (file, n) => {
    const optional = [
      [4, concat([Uint8Array.of(3, 0), encode('abc')])],
      [8, encode('../../etc/passwd\0')],
      [16, encode('\u001f\u0008\0')],
      [28, concat([Uint8Array.of(0, 0), encode('name\0comment\0')])],
    ] as const
    const [flags, bytes] = pick(optional, n)
    return toBytes({ ...file, head: file.head.with(3, flags), optional: new Uint8Array(bytes) })
  }),
  'gzip with a sum of its head': gzips('recorded', false, (file) => {
    const flagged = { ...file, head: file.head.with(3, 2) }
    return toBytes({ ...flagged, optional: hcrc(flagged) })
  }),
  'gzip with a wrong sum of its head': broken((file) => {
    const flagged = { ...file, head: file.head.with(3, 2) }
    return toBytes({ ...flagged, optional: flip(hcrc(flagged), 0, 0) })
  }),
  'truncated gzip': broken((file, n) => {
    const bytes = toBytes(file)
    return bytes.slice(0, n % bytes.length)
  }, false),
  'gzip with something after it': broken((file, n) =>
    concat([toBytes(file), pick([Uint8Array.of(n), encode('\0'), new Uint8Array(8), littleEndian(0x8b1f, 5)], n)]),
  ),
  'gzip with its size repeated after it': broken((file, n) =>
    concat([toBytes(file), new Uint8Array(n % 3), file.trailer.slice(4)]),
  ),
  'two gzip files': broken((file) => concat([toBytes(file), toBytes(file)]), false),
  'an empty gzip file before it': broken((file, n) => concat([...Array(1 + (n % 3)).fill(EMPTY), toBytes(file)])),
  'an empty gzip file after it': broken((file) => concat([toBytes(file), EMPTY])),
  'a gzip file with a flipped magic or method': broken((file, n) =>
    toBytes({ ...file, head: flip(file.head, n % 3, (n >> 2) % 8) }),
  ),
  'a gzip file with reserved flags': broken((file, n) =>
    toBytes({ ...file, head: file.head.with(3, 0x20 << (n % 3)) }),
  ),
  'a gzip file with a flipped sum or size': broken((file, n) =>
    toBytes({ ...file, trailer: flip(file.trailer, n % 8, (n >> 3) % 8) }),
  ),
  'a gzip file with a flipped length or byte': broken((file, n) =>
    toBytes({ ...file, deflate: flip(file.deflate, 1 + (n % (Math.min(file.deflate.length, FIRST_BLOCK) - 1)), (n >> 4) % 8) }),
  ),
  'a deflate block of a kind that is none': broken((file) => toBytes({ ...file, deflate: Uint8Array.of(7) })),
  'a deflate copy from before the beginning': broken((file) =>
    toBytes({ ...file, deflate: Uint8Array.of(0x63, 0x00, 0x42, 0x00) }),
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
  'deflate without a gzip around it': broken((file) => file.deflate, false),

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
    (seq, n) => withProperties(() => `{"x":${pick(invalid, n >> 3)}`)(seq, n),
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
  'a byte that is another, anywhere': {
    answer: 'as the oracle says',
    change(draft, _, n) {
      const pack = draft.pack
      draft.pack = (bytes) => pack(bytes.with(n % bytes.length, (n >> 9) & 0xff))
    },
  },
  'a piece cut out, anywhere': {
    answer: 'as the oracle says',
    change(draft, _, n) {
      const pack = draft.pack
      draft.pack = (bytes) => {
        const from = n % bytes.length
        return pack(concat([bytes.subarray(0, from), bytes.subarray(from + ((n >> 9) % 40))]))
      }
    },
  },
  'a piece that is there twice': {
    answer: 'as the oracle says',
    change(draft, _, n) {
      const pack = draft.pack
      draft.pack = (bytes) => {
        const from = n % bytes.length
        return pack(concat([bytes.subarray(0, from + ((n >> 9) % 40)), bytes.subarray(from)]))
      }
    },
  },
}

const many = encode(linesFrom(1, 501))
const large = Array.from({ length: 13 }, (_, index) => lineOf(index + 1, { context: { x: filler(44_000) } })).join('\n')
const bomb = toGzip(encode(`${headerOf(1, 1)}\n${' '.repeat(8 * 2 ** 20)}`), false)

function linesFrom(first: number, last: number): string {
  return Array.from({ length: last - first + 1 }, (_, index) => JSON.stringify(eventOf(first + index))).join('\n')
}

const batches = (answer: Fault['answer'], header: string, all: Bytes): Fault => ({
  answer,
  change(draft) {
    draft.header = encode(header)
    draft.lines = [all]
    draft.slots = [{ seq: 1, through: 1 }]
  },
})

/** Those that take as long as hundreds of the others. */
export const largeFaults: Record<string, Fault> = {
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
