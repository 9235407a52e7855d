import { fail } from '@waybill/protocol'
import type { Bytes } from './bytes.ts'
import type { Platform } from './platform.ts'
import { readUpTo } from './read-up-to.ts'

/**
 * workerd inflates all that one write hands it before anybody reads, and deflate can grow 1,032-fold. Slices of this
 * size keep what waits to be read in the order of one batch, whatever the sender packed.
 */
export const SLICE = 512

const MAGIC = 0x1f

export const inflate: Platform['inflate'] = async (gzipped, max) => {
  if (followsEmptyMember(gzipped)) return fail('invalid_encoding')
  const { readable, writable } = new DecompressionStream('gzip')
  const writer = writable.getWriter()
  const feed = async () => {
    for (let from = 0; from < gzipped.length; from += SLICE) {
      await writer.write(gzipped.subarray(from, from + SLICE))
    }
    await writer.close()
  }
  // Whatever breaks the writing side breaks the reading side as well, and is told there.
  feed().catch(() => {})
  try {
    const read = await readUpTo(readable, max)
    if (!read.ok || (read.value.whole && read.value.bytes.length !== sizeIn(gzipped))) return fail('invalid_encoding')
    return read
  } finally {
    // Ends `feed` as well, wherever it is.
    writer.abort().catch(() => {})
  }
}

/**
 * Whether a gzip file has a member behind an empty one: Node inflates both, and their size is that of the last. An empty
 * member ends with eight zeros, the next begins with its magic and method (RFC 1952, 2.3). Compressed text has these
 * eleven bytes in a row once in 2^88 places.
 */
export function followsEmptyMember(gzipped: Bytes): boolean {
  for (let at = gzipped.indexOf(MAGIC); at >= 0; at = gzipped.indexOf(MAGIC, at + 1)) {
    let zeros = 0
    while (zeros < 8 && gzipped[at - zeros - 1] === 0) zeros++
    if (zeros === 8 && gzipped[at + 1] === 0x8b && gzipped[at + 2] === 8) return true
  }
  return false
}

/** The size that the last member of a gzip file ends with (RFC 1952, 2.3.1): Node inflates members before it as well. */
export const sizeIn = (gzipped: Bytes): number =>
  new DataView(gzipped.buffer, gzipped.byteOffset, gzipped.length).getUint32(gzipped.length - 4, true)
