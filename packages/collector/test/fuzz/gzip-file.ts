import { deflateRawSync } from 'node:zlib'
import { type Bytes, concat } from '../../src/core/bytes.ts'

/** The parts of one gzip member (RFC 1952), each of which can be changed. */
export interface GzipFile {
  /** Magic, method, flags, time, extra flags, system. */
  head: Bytes
  /** What the flags announce. */
  optional: Bytes
  deflate: Bytes
  /** CRC-32 and size, both little endian. */
  trailer: Bytes
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

export function crc32(bytes: Bytes): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0)
  return (crc ^ 0xffffffff) >>> 0
}

export function littleEndian(...numbers: number[]): Bytes {
  const bytes = new Uint8Array(numbers.length * 4)
  for (const [index, number] of numbers.entries()) new DataView(bytes.buffer).setUint32(index * 4, number, true)
  return bytes
}

/** What one stored block holds at most. */
const MOST_STORED = 0xffff

/** The first of the stored blocks with its head: of what is in it, it is known what each bit means. */
export const FIRST_BLOCK: number = 5 + MOST_STORED

/** Stored blocks, so that it is known what each bit means. */
function store(plain: Bytes): Bytes {
  const blocks: Bytes[] = []
  for (let from = 0; from === 0 || from < plain.length; from += MOST_STORED) {
    const part = plain.subarray(from, from + MOST_STORED)
    const { length } = part
    const isLast = Number(from + length === plain.length)
    blocks.push(Uint8Array.of(isLast, length & 0xff, length >>> 8, ~length & 0xff, (~length >>> 8) & 0xff), part)
  }
  return concat(blocks)
}

/** @param stored uncompressed inside */
export function toGzip(plain: Bytes, stored: boolean): GzipFile {
  return {
    head: Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff),
    optional: new Uint8Array(),
    deflate: stored ? store(plain) : concat([deflateRawSync(plain)]),
    trailer: littleEndian(crc32(plain), plain.length),
  }
}

export const toBytes = ({ head, optional, deflate, trailer }: GzipFile): Bytes =>
  concat([head, optional, deflate, trailer])
