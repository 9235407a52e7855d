import type { Limits, MessageId } from '@waybill/protocol'
import type { LineFault, ParsedLine } from './parse-line.ts'

/** What holds for every line, an event's or a tombstone's. */
export function checkMembers(
  { members, depth, hasPrototype }: ParsedLine,
  messageId: MessageId,
  limits: Pick<Limits, 'depth'>,
): LineFault | undefined {
  if (Object.hasOwn(members, 'received')) {
    return { code: 'reserved_member', detail: 'Rename `received`: the collector writes that member.' }
  }
  if (depth > limits.depth) {
    return { code: 'too_deep', detail: `Nest objects and arrays at most ${limits.depth} deep.` }
  }
  if (hasPrototype) return { code: 'prototype_member', detail: 'Leave out members that are called `__proto__`.' }
  if (members.messageId !== undefined && members.messageId !== messageId) return expected('messageId', messageId)
}

/** The fault of a member that is not what it should be. */
export const expected = (member: string, what: string): LineFault => ({
  code: 'invalid_event',
  detail: `\`${member}\`: expected ${what}.`,
})
