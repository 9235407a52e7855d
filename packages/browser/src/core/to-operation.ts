import { checkShape, type EventType, type JsonObject, limits } from '@waybill/protocol'
import type { DropReason } from './drop-reason.ts'
import { exceeds } from './exceeds.ts'
import type { EventOperation, Monotonic } from './operation.ts'
import { SMALL, type Snapshot, takeSnapshot } from './snapshot.ts'
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
  /** Nobody changes it: the same object is the same text. */
  context: JsonObject
}

const NAME_LENGTH = 500

/** Whether it can name something. */
export const isName = (name: unknown): name is string =>
  typeof name === 'string' && !!name && name.length <= NAME_LENGTH

/** What an event gains when it is stamped, beside the state: ids and member names, with a user's id of 500 escapes. */
const STAMP_BYTES = 4_096

/** Bytes of an event that its stamp and its state leave it. */
const EVENT_BYTES = limits.eventBytes - limits.stateBytes - STAMP_BYTES

/** UTF-16 units of a context with which an event fits whose payload is small: there is room for names and times as well. */
const SMALL_CONTEXT = (EVENT_BYTES - SMALL - NAME_LENGTH * 6 - 500) / 3

/**
 * Makes an event of a call, and nothing that the app does to its objects later can change it. Its text is written at once
 * where only that can tell whether it fits, else when it is asked for: the app's script does not wait for it.
 *
 * @param name the name or id that this call cannot do without
 * @param at ms since 1970
 */
export function toEventOperation(
  name: unknown,
  call: EventCall,
  at: number,
  { monotonic, context }: Moment,
): EventOperation | DropReason {
  const { userId, priority, properties, traits, ...members } = call
  if (!isName(name)) return 'invalid_name'
  const payload = 'traits' in call ? 'traits' : 'properties'
  const contextText = writeContext(context)
  const write = (object: string) => {
    const rest = JSON.stringify({ timestamp: timestamp(at), monotonic })
    return `${JSON.stringify(members).slice(0, -1)},"${payload}":${object},${rest.slice(1, -1)},"context":${contextText}}`
  }
  const given = take(call[payload])
  if (typeof given === 'string') return given
  let text: string | undefined
  if (!given.isSmall || contextText.length > SMALL_CONTEXT) {
    const object = toObjectText(given.value)
    if (typeof object === 'string') return object
    text = write(object.text)
    if (exceeds(text, EVENT_BYTES)) return 'event_too_large'
  }
  return {
    kind: 'event',
    at,
    get text() {
      text ??= write(JSON.stringify(given.value))
      return text
    },
    userId: userId as string | undefined,
    priority: priority === 'low' || priority === 'high' ? priority : undefined,
  }
}

let lastContext: JsonObject | undefined
let lastWritten = ''

/** Most are of the same page as the one before, and then the same object. */
function writeContext(context: JsonObject): string {
  if (context !== lastContext) lastWritten = JSON.stringify(context)
  lastContext = context
  return lastWritten
}

/** A plain copy of what the app handed over, as JSON will carry it. */
export function toObject(value: unknown): JsonObject | DropReason {
  const object = toObjectText(value)
  return typeof object === 'string' ? object : JSON.parse(object.text)
}

function take(value: unknown): Snapshot | DropReason {
  try {
    return takeSnapshot(value)
  } catch {
    return 'not_serialisable'
  }
}

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
  const fault = checkShape(JSON.parse(text), limits.depth - 2)
  return fault ?? { text }
}
