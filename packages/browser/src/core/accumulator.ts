import type { EventType, Json, JsonObject } from '@waybill/protocol'
import type { EventOperation } from './operation.ts'

/** An event's own members, as `track` was handed them. */
export interface TrackedEvent {
  type: EventType
  event?: string
  name?: string
  groupId?: string
  properties?: JsonObject
  traits?: JsonObject
  timestamp: string
  /** Milliseconds on the clock of the document `boot`; another person in the same document has another `boot`. */
  monotonic?: { boot: string; ms: number }
  context?: JsonObject
}

/** What a fold may look at beside the event. */
export interface FoldContext {
  /**
   * ms since the event before: the stream's, or, in page scope, the page's; 0 for the first one. Negative for one that is
   * stamped late, and after the clock was set back.
   */
  idle: number
  /** These four are known when the event is stamped: in page scope they are absent. */
  streamId?: string
  anonymousId?: string
  userId?: string | undefined
  /** The session that the event is of. */
  session?: { id: string; number: number } | undefined
  /** What the accumulator's own `measure` has counted since the page's event before; 0 where it has none. */
  measured: number
}

/**
 * How the buffer stood just before the event was put into it: rides on every event as `state.buffer`, so that a sink's
 * data shows which devices struggle. Of the event's own stream alone: what came before would tell whose it was; `stats()`
 * counts all.
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
 * For how long a value lives. `visitor`: as long as the stream. `session`: it begins anew with each session. `page`: it
 * belongs to one document, and is folded there, at the call.
 */
export type Scope = 'visitor' | 'session' | 'page'

/**
 * A pure fold whose value rides on every event as `state.<name>`. It runs inside the stamping transaction, so its value
 * is exact over all tabs; in page scope it runs at the call. It is handed a copy of its value and the event frozen, and
 * what it returns is copied as JSON carries it. When it throws, or returns what JSON can't carry, it keeps its last value and `on('error')` tells.
 */
export interface Accumulator<Name extends string = string, Value = unknown> {
  /** 1 to 100 characters. */
  readonly name: Name
  /** Default `visitor`. */
  readonly scope?: Scope
  /** The value before the first event. */
  readonly initial: Value
  /** Raise it when the value's shape changes. A value of a higher version is carried through untouched. Default 1. */
  readonly version?: number
  /** Turns the value of a lower version into one of this version. Default: it begins anew from `initial`. */
  migrate?(value: Json, from: number): Value
  fold(value: Value, event: Readonly<TrackedEvent>, context: FoldContext): Value
  /** Page scope only: begins to count something, and returns what reads, at each event, how much was added since. */
  readonly measure?: (signal: AbortSignal) => () => number
}

/** What the SDK's own may do beside, so that nothing else has to know them. */
export interface BuiltInAccumulator<Name extends string = string, Value = unknown> extends Accumulator<Name, Value> {
  /** What the value may go back to when the state is full, the most first. Default: it gives no room. */
  readonly shorten?: (value: Json, before: Json | undefined) => Json[]
  /**
   * The event that tells of a session's end.
   *
   * @param at when its last event happened, ms since 1970
   */
  readonly toEnded?: (at: number) => EventOperation
}

/** Gives an accumulator of the app's its types: its name, and its value's from `initial`. */
export const defineAccumulator = <const Name extends string, Value>(
  accumulator: Accumulator<Name, Value>,
): Accumulator<Name, Value> => accumulator

/** What accumulators put on every event, by their names. */
export type ValuesOf<Accumulators extends readonly Accumulator[]> = {
  [Each in Accumulators[number] as Each['name']]: Each extends Accumulator<string, infer Value> ? Value : never
}
