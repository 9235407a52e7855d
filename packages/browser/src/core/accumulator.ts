import type { EventType, Json, JsonObject } from '@waybill/protocol'

/** An event's own members, as `track` was handed them. */
export interface TrackedEvent {
  type: EventType
  event?: string
  name?: string
  properties?: JsonObject
  traits?: JsonObject
  timestamp: string
  context?: JsonObject
}

/** What a fold may look at beside the event. */
interface FoldContext {
  /** ms since the stream's event before; negative for one that is stamped late, and after the clock was set back. */
  idle: number
  streamId: string
  anonymousId: string
}

/**
 * How the buffer stood just before the event was put into it: rides on every event as `state.buffer`, so that a sink's
 * data shows which devices struggle.
 */
export interface BufferHealth {
  /** Lines that no sink is known to hold. */
  pending: number
  /** Their UTF-8 bytes. */
  bytes: number
  /** Events refused before they got a seq. */
  dropped: number
  /** Events that the collector rejected. */
  rejected: number
  /** Events that gave way to a cap. */
  shed: number
}

/**
 * A pure fold whose value rides on every event as `state.<name>`. It runs inside the stamping transaction, so its
 * value is exact over all tabs. `value` is undefined for the first event of a stream.
 */
export interface Accumulator<Value extends Json = Json> {
  readonly name: string
  fold(value: Value | undefined, event: TrackedEvent, context: FoldContext): Value
}
