import { type Bytes, LF } from './bytes.ts'

/** Line 1, and every byte after its LF: what the digest of a batch covers. */
export function splitBatch(batch: Bytes): { header: Bytes; rest: Bytes } {
  const end = batch.indexOf(LF)
  return end < 0
    ? { header: batch, rest: batch.subarray(batch.length) }
    : { header: batch.subarray(0, end), rest: batch.subarray(end + 1) }
}
