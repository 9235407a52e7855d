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
  type StreamId,
  toMessageId,
} from '@waybill/protocol'
import { type Bytes, LF } from './bytes.ts'
import { checkEvent } from './check-event.ts'
import { expected } from './check-members.ts'
import { checkTombstone, isTombstone } from './check-tombstone.ts'
import { createGlance } from './glance.ts'
import { type LineFault, type Members, type ParsedLine, parseLine } from './parse-line.ts'
import type { Refusal } from './refusal.ts'
import { NOWHERE } from './scan-line.ts'

/** One line as it goes on: the client's own bytes without their LF, or why an event goes no further. */
export type CheckedLine =
  | { kind: 'event'; line: Bytes }
  | { kind: 'tombstone'; line: Bytes }
  /** With `through`, the rejected line was a tombstone of the range `rejection.seq..through`. */
  | { kind: 'rejected'; rejection: Rejection; through?: Seq }

type RangeMismatch = Extract<Refusal, { reason: 'range_mismatch' }>

/** Why none of the lines go on. */
export type LinesRefusal = RangeMismatch | Extract<Refusal, { reason: 'too_many_events' }>

/**
 * Holds the lines against the header's stream and range, and each event against the wire. The LF of the last line may be
 * left out. A line that says which seq it is must be the next one, or the whole batch is refused; a line that cannot say
 * stands for the next seq and is rejected alone. A tombstone stands for its range even when it is rejected, so that its
 * neighbours keep their places.
 */
export function checkLines(
  lines: Bytes,
  header: Pick<BatchHeader, 'streamId' | 'first' | 'last'>,
  limits: Limits,
): Result<CheckedLine[], LinesRefusal> {
  const { streamId, first, last } = header
  const findEndOfFit = createGlance(streamId, limits)
  const checked: CheckedLine[] = []
  let next: number = first
  for (let from = 0; from < lines.length; ) {
    const index = checked.length
    if (index === limits.batchEvents) return fail({ reason: 'too_many_events', max: limits.batchEvents })
    if (next > last) return mismatch(index, `the end after seq ${last}`, 'another line')
    const seq = next as Seq
    next += 1
    const endOfFit = findEndOfFit(lines, from, seq)
    const end = endOfFit === NOWHERE ? findEnd(lines, from) : endOfFit
    const line = lines.subarray(from, end)
    from = end + 1
    if (endOfFit !== NOWHERE) {
      checked.push({ kind: 'event', line })
      continue
    }

    const messageId = toMessageId(streamId, seq)
    const parsed = parseLine(line, limits)
    if (!parsed.ok) {
      checked.push({ kind: 'rejected', rejection: { seq, messageId, ...parsed.fault } })
      continue
    }
    const { members } = parsed.value
    const vague = checkUnique(parsed.value) ?? checkIdentity(members, streamId, seq)
    if (!vague && members.streamId !== streamId)
      return mismatch(index, `stream ${streamId}`, `stream ${members.streamId}`)
    if (!vague && members.seq !== seq) return mismatch(index, `seq ${seq}`, `seq ${members.seq}`)

    const kind = isTombstone(members) ? 'tombstone' : 'event'
    const through = kind === 'tombstone' && isSeq(members.through) && members.through > seq ? members.through : seq
    if (through > last) return mismatch(index, `at most seq ${last}`, `a tombstone through ${through}`)
    next = through + 1
    const fault =
      vague ??
      (kind === 'tombstone'
        ? checkTombstone(parsed.value, { seq, messageId, limits })
        : checkEvent(parsed.value, { messageId, bytes: line.length, limits }))
    if (fault) {
      const range = through > seq ? { through } : {}
      checked.push({ kind: 'rejected', rejection: { seq, messageId, ...fault }, ...range })
      continue
    }
    checked.push({ kind, line })
  }
  if (next <= last)
    return fail({ reason: 'range_mismatch', expected: `lines up to seq ${last}`, found: `seq ${next - 1}` })
  return ok(checked)
}

function findEnd(lines: Bytes, from: number): number {
  const end = lines.indexOf(LF, from)
  return end < 0 ? lines.length : end
}

/** The header is line 1. */
const mismatch = (index: number, expected: string, found: string): Result<never, RangeMismatch> =>
  fail({ reason: 'range_mismatch', line: index + 2, expected, found })

/** Why a line cannot be relied on in anything that it says. */
export const checkUnique = ({ repeatsMember }: ParsedLine): LineFault | undefined =>
  repeatsMember ? duplicateMember : undefined

export const duplicateMember: LineFault = {
  code: 'duplicate_member',
  detail: 'Name each member once in each object: readers differ on which one counts.',
}

/** Why a line cannot say which seq it is. */
function checkIdentity(members: Members, streamId: StreamId, seq: Seq): LineFault | undefined {
  if (!isSeq(members.seq)) return expected('seq', String(seq))
  if (!isStreamId(members.streamId)) return expected('streamId', streamId)
}
