import { fail, ok, type Result } from '@waybill/protocol'
import type { Bytes } from './bytes.ts'

const LF = 0x0a

/** Line 1, and every byte after its LF: what the digest of a batch covers. */
export function splitBatch(batch: Bytes): { header: Bytes; rest: Bytes } {
  const end = batch.indexOf(LF)
  return end < 0
    ? { header: batch, rest: batch.subarray(batch.length) }
    : { header: batch.subarray(0, end), rest: batch.subarray(end + 1) }
}

/** The lines of a batch without their LFs, as views of the same memory. The LF of the last line may be left out. */
export function splitLines(rest: Bytes, max: number): Result<Bytes[], 'too_many_events'> {
  const lines: Bytes[] = []
  for (let from = 0; from < rest.length; ) {
    if (lines.length === max) return fail('too_many_events')
    const end = rest.indexOf(LF, from)
    const to = end < 0 ? rest.length : end
    lines.push(rest.subarray(from, to))
    from = to + 1
  }
  return ok(lines)
}
