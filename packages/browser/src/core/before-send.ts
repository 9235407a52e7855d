import type { JsonObject } from '@waybill/protocol'
import type { TrackedEvent } from './accumulator.ts'
import type { DropReason } from './drop-reason.ts'
import { forbidPromise } from './forbid-promise.ts'
import type { EventOperation } from './operation.ts'
import { toEventOperation, toObject } from './to-operation.ts'

/** An event before anything of it is stored. */
export interface OutgoingEvent extends TrackedEvent {
  /** Of an `identify` call. */
  userId?: string
  /** Of a call with `set`: what joins the registered properties. */
  set?: JsonObject
}

/** What may be changed, beside `context` and `set`; the first names it. */
const members = {
  track: ['event', 'properties'],
  page: ['name', 'properties'],
  screen: ['name', 'properties'],
  identify: ['userId', 'traits'],
  group: ['groupId', 'traits'],
  alias: ['userId', 'traits'],
} as const satisfies { [Type in OutgoingEvent['type']]: readonly (keyof OutgoingEvent)[] }

/**
 * Shows an event to the app, and takes what it makes of it, which passes the checks of any call. Throws what the app's
 * function throws, and where it does not answer with an event or nothing.
 */
export function review(
  operation: EventOperation,
  beforeSend: (event: OutgoingEvent) => unknown,
): EventOperation | DropReason {
  const { text, at, userId, priority, set: added } = operation
  const { type, monotonic } = JSON.parse(text)
  const answer = beforeSend({ ...JSON.parse(text), ...(userId && { userId }), ...(added && { set: added }) })
  if (answer === null || answer === undefined) return 'before_send'
  forbidPromise(answer)
  if (typeof answer !== 'object') throw new TypeError('it must return an event, or null to drop it')
  const event = answer as OutgoingEvent
  const context = toObject(event.context)
  if (typeof context !== 'object') return context
  const set = event.set === undefined ? undefined : toObject(event.set)
  if (typeof set === 'string') return set
  const [name, payload] = members[type as OutgoingEvent['type']]
  const call = { type, [name]: event[name], [payload]: event[payload], priority }
  const own = event[name] ?? (type === 'page' ? type : undefined)
  const changed = toEventOperation(own, call, at, { monotonic, context })
  return typeof changed === 'string' || !set ? changed : { ...changed, set }
}
