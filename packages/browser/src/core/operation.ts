import type { JsonObject, StreamId } from '@waybill/protocol'

/** One call of the app, complete but for what only the stamping transaction knows. `at` is ms since 1970. */
export type Operation =
  | {
      kind: 'event'
      at: number
      /** The event's own members as a JSON object's text: type, names, properties, timestamp, monotonic, context. */
      text: string
      /** Set by `identify`. */
      userId?: string
    }
  | { kind: 'register'; properties: JsonObject }
  | { kind: 'unregister'; names: string[] }
  | { kind: 'reset' }

/**
 * Operations in the order of their calls, waiting to be stamped. As a record of the raw journal its shape is the
 * stable format that older and newer releases share.
 */
export interface Journal {
  /** Who the page took the person for. Absent while it did not know, and where nothing can have come in between. */
  identity?: Identity
  operations: Operation[]
}

export interface Identity {
  streamId: StreamId
  anonymousId: string
  userId?: string
}
