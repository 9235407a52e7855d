import { checkShape, type EventType, type JsonObject, limits } from '@waybill/protocol'
import type { DropReason } from './drop-reason.ts'
import { exceeds } from './exceeds.ts'
import type { EventOperation, Monotonic } from './operation.ts'
import { timestamp } from './timestamp.ts'

/** One call of the app that tells of an event, in the words of the Segment Spec. */
export interface EventCall {
  type: EventType
  priority?: unknown
  event?: unknown
  name?: unknown
  userId?: unknown
  groupId?: unknown
  properties?: unknown
  traits?: unknown
}

/** What is true at the moment of a call and not known to the app. */
export interface Moment {
  monotonic: Monotonic
  context: JsonObject
}

const NAME_LENGTH = 500

/** Whether it can name something. */
export const isName = (name: unknown): name is string =>
  typeof name === 'string' && !!name && name.length <= NAME_LENGTH

/** What an event gains when it is stamped, beside the state: ids and member names, with a user's id of 500 escapes. */
const STAMP_BYTES = 4_096

/**
 * Serialises a call at once, so that nothing the app does to its objects later can change the event.
 *
 * @param name the name or id that this call cannot do without
 * @param at ms since 1970
 */
export function toEventOperation(
  name: unknown,
  call: EventCall,
  at: number,
  moment: Moment,
): EventOperation | DropReason {
  const { userId, priority, properties, traits, ...members } = call
  if (!isName(name)) return 'invalid_name'
  const payload = 'traits' in call ? 'traits' : 'properties'
  const object = toObjectText(call[payload])
  if (typeof object === 'string') return object
  const rest = JSON.stringify({ timestamp: timestamp(at), ...moment })
  const text = `${JSON.stringify(members).slice(0, -1)},"${payload}":${object.text},${rest.slice(1)}`
  if (exceeds(text, limits.eventBytes - limits.stateBytes - STAMP_BYTES)) return 'event_too_large'
  return {
    kind: 'event',
    at,
    text,
    userId: userId as string | undefined,
    priority: priority === 'low' || priority === 'high' ? priority : undefined,
  }
}

/** A plain copy of what the app handed over, as JSON will carry it. */
export function toObject(value: unknown): JsonObject | DropReason {
  const object = toObjectText(value)
  return typeof object === 'string' ? object : JSON.parse(object.text)
}

/** Where there is neither, a value is one level deep and fit: most events are never parsed. */
const NESTED_OR_PROTOTYPE = /.[[{]|__proto__/

/** The same as a text: the app's own code, like a getter or a `toJSON`, runs once. */
function toObjectText(value: unknown): { text: string } | DropReason {
  let text: string | undefined
  try {
    text = JSON.stringify(value ?? {})
  } catch {
    return 'not_serialisable'
  }
  if (!text?.startsWith('{')) return 'not_an_object'
  if (exceeds(text, limits.propertiesBytes)) return 'properties_too_large'
  // Registered properties sit two levels deep in an event, and one rule for all is enough.
  const fault = NESTED_OR_PROTOTYPE.test(text) && checkShape(JSON.parse(text), limits.depth - 2)
  return fault || { text }
}
