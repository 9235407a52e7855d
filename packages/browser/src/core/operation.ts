import type { JsonObject, StreamId } from '@waybill/protocol'

/** Which events give way first when the buffer is full. */
export type Priority = 'low' | 'normal' | 'high'

/** Whose call it is, as far as the page knew then. */
export interface Signature {
  /** Absent while the page knew no person: before the store was read, and after the page's own `reset()`. */
  anonymousId?: string
  /** Then this one: see `Monotonic`. Calls of one boot are one person's. */
  boot?: string
}

/** One call of the app, complete but for what only the stamping transaction knows. `at` is ms since 1970. */
export type Operation = Signature &
  (
    | {
        kind: 'event'
        at: number
        /**
         * The event's own members as a JSON object's text: type, names, properties, timestamp, monotonic, context. Of a call
         * that was just made it may be a getter, which writes it when it is first read.
         */
        text: string
        /** Set by `identify`. */
        userId?: string
        /** Absent: normal. */
        priority?: Priority
        /** Joins the registered properties with this very event: both are kept, or neither. */
        set?: JsonObject
        /** What the accumulators in page scope made of it, by name. */
        page?: JsonObject
      }
    | { kind: 'register'; at: number; properties: JsonObject }
    | { kind: 'unregister'; at: number; names: string[] }
    | { kind: 'reset'; at: number }
    | SpanOperation
  )

/** One call to a span, see `core/spans.ts`. */
export interface SpanOperation extends Signature {
  kind: 'span'
  at: number
  /**
   * The last three are the SDK's own: the page has the span open still, or for the last time; or its event is not to be
   * made, as `beforeSend` has dropped it.
   */
  call: 'start' | 'set' | 'add' | 'end' | 'tick' | 'leave' | 'drop'
  name: string
  /** Of the span; what its `start` proposes, while the page has not heard whether that went on with another. */
  id: string
  monotonic: Monotonic
  /** For how many ms the page has run by then; only differences mean something. */
  ran: number
  /** Its clock is not the page's, which is to count on by its own. */
  isParted?: boolean
  /** To be gathered; those of `add` are numbers, to be added. */
  properties?: JsonObject
  /** Of `end`. Default `completed`. */
  outcome?: string
  context?: JsonObject
  /** Of `end`: what the accumulators in page scope made of it, by name. */
  page?: JsonObject
}

/** A page's clock that does not jump: ms since the document `boot` began. */
export interface Monotonic {
  boot: string
  ms: number
}

export type EventOperation = Operation & { kind: 'event' }

/** Operations in the order of their calls, waiting to be stamped. */
export interface Journal {
  /**
   * Who the page took the person for until its first `reset()` here, where an operation does not say. Absent while it did
   * not know, and where nothing can have come in between.
   */
  identity?: Identity
  operations: Operation[]
}

/** A record of the raw journal. Its shape is the stable format that older and newer releases share. */
export interface RawRecord extends Journal {
  /** Whose it is. A document's own id, a version 7 UUID. */
  tab: string
  /** Counts the tab's writes. What was stamped up to a run is marked, so that nothing is stamped twice. */
  run: number
}

export interface Identity {
  streamId: StreamId
  anonymousId: string
  userId?: string
}

/** The boot of the last of these calls that does not say whose it is. What is damaged has none. */
export const lastBoot = (operations: readonly Operation[]): string | undefined =>
  operations
    .map((operation) => (Object(operation) as Operation).boot)
    .filter(Boolean)
    .at(-1)

/**
 * What of a raw record happened at this time or later, and nothing of who it was before; undefined where that is
 * nothing.
 */
export function takeSince(at: number, record: unknown): RawRecord | undefined {
  const { identity, operations, ...rest }: RawRecord = Object(record)
  const later = Array.isArray(operations) ? operations.filter((operation) => Object(operation).at >= at) : []
  return later.length > 0 ? { ...rest, operations: later } : undefined
}
