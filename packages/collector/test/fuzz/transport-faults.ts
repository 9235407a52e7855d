import { type Bytes, concat } from '../../src/core/bytes.ts'
import { ORIGIN } from '../present.ts'
import { CANARY, encode, plain, type Transport } from './draft.ts'
import { type Answer, type Fault, type Faults, oneOf, pick } from './fault.ts'
import { crc32, FIRST_BLOCK, type GzipFile, littleEndian, toBytes, toGzip } from './gzip-file.ts'

const gzips = (answer: Answer, stored: boolean, change: (file: GzipFile, n: number) => Bytes): Fault<Transport> => ({
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

/** What can be wrong with any request, whatever its path. */
export const transportFaults: Faults<Transport> = {
  'a foreign origin': oneOf(
    { refused: 'origin_not_allowed' },
    ...[
      null,
      'null',
      `${ORIGIN}.${CANARY}.net`,
      `${ORIGIN}/`,
      `${ORIGIN}:443`,
      ORIGIN.replace('s', ''),
      '*',
      ORIGIN.toUpperCase(),
    ].map((origin) => (draft: Transport) => {
      draft.origin = origin
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
    toBytes({
      ...file,
      deflate: flip(file.deflate, 1 + (n % (Math.min(file.deflate.length, FIRST_BLOCK) - 1)), (n >> 4) % 8),
    }),
  ),
  'a deflate block of a kind that is none': broken((file) => toBytes({ ...file, deflate: Uint8Array.of(7) })),
  'a deflate copy from before the beginning': broken((file) =>
    toBytes({ ...file, deflate: Uint8Array.of(0x63, 0x00, 0x42, 0x00) }),
  ),
  'deflate without a gzip around it': broken((file) => file.deflate, false),

  'a byte that is another, anywhere': {
    answer: 'as the oracle says',
    change(draft, _, n) {
      const pack = draft.pack
      draft.pack = (bytes) => pack(bytes.length > 0 ? bytes.with(n % bytes.length, (n >> 9) & 0xff) : bytes)
    },
  },
  'a piece cut out, anywhere': {
    answer: 'as the oracle says',
    change(draft, _, n) {
      const pack = draft.pack
      draft.pack = (bytes) => {
        const from = n % (bytes.length || 1)
        return pack(concat([bytes.subarray(0, from), bytes.subarray(from + ((n >> 9) % 40))]))
      }
    },
  },
  'a piece that is there twice': {
    answer: 'as the oracle says',
    change(draft, _, n) {
      const pack = draft.pack
      draft.pack = (bytes) => {
        const from = n % (bytes.length || 1)
        return pack(concat([bytes.subarray(0, from + ((n >> 9) % 40)), bytes.subarray(from)]))
      }
    },
  },
}
