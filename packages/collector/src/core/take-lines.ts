import { type BatchHeader, type Limits, ok, type Rejection, type Result } from '@waybill/protocol'
import type { Bytes } from './bytes.ts'
import { type CheckedLine, checkLines, type LinesRefusal } from './check-lines.ts'
import type { Platform } from './platform.ts'
import { toTakenDigest } from './taken-digest.ts'

/** What some limits leave of a batch. */
export interface TakenLines {
  checked: CheckedLine[]
  rejected: Rejection[]
  /** By which sinks tell whether they have it. */
  digest: string
  limits: Limits
}

/** A batch as its client sent it. */
export interface SentLines {
  header: BatchHeader
  /** All lines after the header. */
  rest: Bytes
  /** SHA-256 in hex over `rest`. */
  clientDigest: string
}

/** What of a batch goes on under these limits. */
export async function takeLines(
  { header, rest, clientDigest }: SentLines,
  limits: Limits,
  sha256: Platform['sha256'],
): Promise<Result<TakenLines, LinesRefusal>> {
  const checked = checkLines(rest, header, limits)
  if (!checked.ok) return checked
  const rejected = checked.value.flatMap((line) => (line.kind === 'rejected' ? [line.rejection] : []))
  return ok({
    ...{ checked: checked.value, rejected, limits },
    digest: await toTakenDigest(clientDigest, rejected, sha256),
  })
}
