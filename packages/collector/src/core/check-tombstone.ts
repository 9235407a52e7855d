import { isSeq, type Limits, type MessageId, type Seq, tombstoneTypes } from '@waybill/protocol'
import { checkMembers, expected } from './check-members.ts'
import type { LineFault, Members, ParsedLine } from './parse-line.ts'

const REASON = /^[a-z0-9_]{1,64}$/

/** Whether a line means to stand in the place of events. */
export const isTombstone = (members: Members): boolean => tombstoneTypes.some((type) => type === members.type)

/** Why a client's tombstone is not fit to travel. */
export function checkTombstone(
  parsed: ParsedLine,
  { seq, messageId, limits }: { seq: Seq; messageId: MessageId; limits: Limits },
): LineFault | undefined {
  const { reason, through } = parsed.members
  const fault = checkMembers(parsed, messageId, limits)
  if (fault) return fault
  if (typeof reason !== 'string' || !REASON.test(reason)) return expected('reason', '1 to 64 of a-z, 0-9 and _')
  if (through !== undefined && !(isSeq(through) && through >= seq)) return expected('through', 'an integer from `seq`')
}
