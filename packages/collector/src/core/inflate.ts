import { fail, ok, type Result } from '@waybill/protocol'
import type { Bytes } from './bytes.ts'
import { type Beginning, readUpTo } from './read-up-to.ts'

/**
 * workerd inflates all that one write hands it before anybody reads, and deflate can grow 1,032-fold. Slices of this
 * size keep what waits to be read in the order of one batch, whatever the sender packed.
 */
const SLICE = 512

/** Inflates gzip up to `max` bytes. Stops there: a bomb costs no more than a full batch. */
export async function inflate(gzipped: Bytes, max: number): Promise<Result<Beginning, 'invalid_encoding'>> {
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
    return ok(await readUpTo(readable, max))
  } catch {
    return fail('invalid_encoding')
  } finally {
    // Ends `feed` as well, wherever it is.
    writer.abort().catch(() => {})
  }
}
