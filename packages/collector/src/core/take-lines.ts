import { type BatchHeader, fail, type Limits, ok, type Rejection, type Result } from '@waybill/protocol'
import type { Bytes } from './bytes.ts'
import { type CheckedLine, checkLines } from './check-lines.ts'
import type { Platform } from './platform.ts'
import type { Refusal } from './refusal.ts'
import { splitLines } from './split-batch.ts'
import { toTakenDigest } from './taken-digest.ts'

/** What some limits leave of a batch. */
export interface TakenLines {
  checked: CheckedLine[]
  rejected: Rejection[]
  /** By which sinks tell whether they have it. */
  digest: string
  limits: Limits
}

type LinesRefusal = Extract<Refusal, { reason: 'too_many_events' | 'range_mismatch' }>

/** A batch as its client sent it. */
export interface SentLines {
  header: BatchHeader
  /** All lines after the header. */
  rest: Bytes
  /** SHA-256 in hex over `rest`. */
  clientDigest: string
}

/** split → validate: what of a batch goes on under these limits. */
export async function takeLines(
  { header, rest, clientDigest }: SentLines,
  limits: Limits,
  sha256: Platform['sha256'],
): Promise<Result<TakenLines, LinesRefusal>> {
  const lines = splitLines(rest, limits.batchEvents)
  if (!lines.ok) return fail({ reason: lines.fault, max: limits.batchEvents })
  const checked = checkLines(lines.value, header, limits)
  if (!checked.ok) return checked
  const rejected = checked.value.flatMap((line) => (line.kind === 'rejected' ? [line.rejection] : []))
  return ok({
    ...{ checked: checked.value, rejected, limits },
    digest: await toTakenDigest(clientDigest, rejected, sha256),
  })
}
