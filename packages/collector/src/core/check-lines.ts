import {
  type BatchHeader,
  fail,
  isSeq,
  isStreamId,
  type Limits,
  ok,
  type Rejection,
  type Result,
  type Seq,
  toMessageId,
} from '@waybill/protocol'
import type { Bytes } from './bytes.ts'
import { checkEvent } from './check-event.ts'
import { expected } from './check-members.ts'
import { checkTombstone, isTombstone } from './check-tombstone.ts'
import { parseLine } from './parse-line.ts'
import type { Refusal } from './refusal.ts'

/** One line as it goes on: the client's own bytes, or why an event goes no further. */
export type CheckedLine =
  | { kind: 'event'; line: Bytes }
  | { kind: 'tombstone'; line: Bytes }
  | { kind: 'rejected'; rejection: Rejection }

type RangeMismatch = Extract<Refusal, { reason: 'range_mismatch' }>

/**
 * Holds the lines against the header's stream and range, and each event against the wire. A line that says which seq
 * it is must be the next one, or the whole batch is refused; a line that cannot say stands for the next seq and is
 * rejected alone.
 */
export function checkLines(
  lines: readonly Bytes[],
  header: Pick<BatchHeader, 'streamId' | 'first' | 'last'>,
  limits: Limits,
): Result<CheckedLine[], RangeMismatch> {
  const { streamId, first, last } = header
  const checked: CheckedLine[] = []
  let next: number = first
  for (const [index, line] of lines.entries()) {
    // The header is line 1.
    const mismatch = (expected: string, found: string) =>
      fail({ reason: 'range_mismatch' as const, line: index + 2, expected, found })
    if (next > last) return mismatch(`the end after seq ${last}`, 'another line')
    const seq = next as Seq
    const messageId = toMessageId(streamId, seq)
    const reject = (fault: Pick<Rejection, 'code' | 'detail'>) =>
      checked.push({ kind: 'rejected', rejection: { seq, messageId, ...fault } })
    next += 1

    const parsed = parseLine(line, limits)
    if (!parsed.ok) {
      reject(parsed.fault)
      continue
    }
    const members = parsed.value
    if (!isStreamId(members.streamId) || !isSeq(members.seq)) {
      reject(isSeq(members.seq) ? expected('streamId', streamId) : expected('seq', String(seq)))
      continue
    }
    if (members.streamId !== streamId) return mismatch(`stream ${streamId}`, `stream ${members.streamId}`)
    if (members.seq !== seq) return mismatch(`seq ${seq}`, `seq ${members.seq}`)

    const kind = isTombstone(members) ? 'tombstone' : 'event'
    const fault =
      kind === 'tombstone'
        ? checkTombstone(members, { seq, messageId, limits })
        : checkEvent(members, { messageId, bytes: line.length, limits })
    if (fault) {
      reject(fault)
      continue
    }
    if (kind === 'tombstone' && isSeq(members.through)) {
      if (members.through > last) return mismatch(`at most seq ${last}`, `a tombstone through ${members.through}`)
      next = members.through + 1
    }
    checked.push({ kind, line })
  }
  if (next <= last)
    return fail({ reason: 'range_mismatch', expected: `lines up to seq ${last}`, found: `seq ${next - 1}` })
  return ok(checked)
}
