import { byteLength, eventTypes, isTimestamp, type Limits, type MessageId } from '@waybill/protocol'
import { checkMembers, expected } from './check-members.ts'
import type { LineFault, Members, ParsedLine } from './parse-line.ts'

/** Why an event is not fit to travel. `bytes` is the length of its line. */
export function checkEvent(
  parsed: ParsedLine,
  { messageId, bytes, limits }: { messageId: MessageId; bytes: number; limits: Limits },
): LineFault | undefined {
  const fault = checkMembers(parsed, messageId, limits)
  if (fault) return fault
  const event = parsed.members
  if (event.messageId === undefined) return expected('messageId', messageId)
  if (!eventTypes.some((type) => type === event.type)) return expected('type', eventTypes.join(', '))
  if (event.type === 'track' && !isText(event.event)) return expected('event', 'the name of what happened')
  if (!isTimestamp(event.timestamp)) return expected('timestamp', 'RFC 3339 in UTC with milliseconds')
  for (const member of ['anonymousId', 'userId']) {
    if (event[member] !== undefined && !isText(event[member])) return expected(member, 'a text that is not empty')
  }
  if (event.anonymousId === undefined && event.userId === undefined) return expected('anonymousId', 'it or `userId`')
  for (const member of ['properties', 'traits', 'context', 'span', 'state']) {
    if (event[member] !== undefined && !isObject(event[member])) return expected(member, 'an object')
  }
  return (
    checkBytes(event, 'properties', 'properties_too_large', bytes, limits.propertiesBytes) ??
    checkBytes(event, 'traits', 'properties_too_large', bytes, limits.propertiesBytes) ??
    checkBytes(event, 'state', 'state_too_large', bytes, limits.stateBytes)
  )
}

/** A member can only be over its cap when the line is: most lines are never measured. */
function checkBytes(
  event: Members,
  member: string,
  code: 'properties_too_large' | 'state_too_large',
  lineBytes: number,
  max: number,
): LineFault | undefined {
  if (lineBytes <= max || event[member] === undefined) return
  const bytes = byteLength(JSON.stringify(event[member]))
  if (bytes > max) return { code, detail: `\`${member}\` has ${bytes} bytes; at most ${max}.` }
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)
