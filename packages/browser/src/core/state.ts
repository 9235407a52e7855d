import type { JsonObject, CompleteEvent as UntypedEvent } from '@waybill/protocol'
import type { Accumulator, BufferHealth, ValuesOf } from './accumulator.ts'
import type { IdentityState } from './accumulators/identity.ts'
import type { Session } from './accumulators/session.ts'
import type { Visitor } from './accumulators/visitor.ts'
import type { StreamState } from './records.ts'

/** What accumulates by itself. */
interface BuiltIn {
  session: Session
  visitor: Visitor
  identity: IdentityState
}

/**
 * An event as a sink receives it. What the app's own accumulators made may be missing: of one that failed, or in page scope on
 * what ended by itself.
 */
export type CompleteEvent<Accumulators extends readonly Accumulator[] = readonly []> = Omit<UntypedEvent, 'state'> & {
  state: { registered: JsonObject; buffer: BufferHealth } & BuiltIn & Partial<ValuesOf<Accumulators>>
}

/** What is true of the person now. Before the first event only `registered` is there. */
export type State<Accumulators extends readonly Accumulator[] = readonly Accumulator[]> = {
  streamId?: string
  anonymousId?: string
  userId?: string
  registered: JsonObject
} & Partial<BuiltIn & ValuesOf<Accumulators>>

/** A copy: what the app does to it changes nothing. */
export const toState = (stream: StreamState | undefined, page: JsonObject): State => {
  const { streamId, anonymousId, userId, values } = stream ?? {}
  return JSON.parse(JSON.stringify({ registered: {}, ...values, ...page, streamId, anonymousId, userId }))
}
