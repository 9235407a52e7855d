import type { JsonObject } from '@waybill/protocol'
import type { Accumulator } from '../accumulator.ts'

export type IdentityState = {
  /** Whose traits these are. */
  userId?: string
  /** What `identify` has said of the user so far; a later call adds to it. */
  traits: JsonObject
  groupId?: string
  /** What `group` has said of the group so far. */
  groupTraits: JsonObject
}

const nobody: IdentityState = { traits: {}, groupTraits: {} }

/** Who the person was, as far as was known when the event happened. */
export const identity: Accumulator<'identity', IdentityState> = {
  name: 'identity',
  initial: nobody,
  fold(value, { type, groupId, traits }, { userId }) {
    const former = value.userId
    // Another user without a `reset()` between: nothing that is known of the one is true of the other.
    const known = former && former !== userId ? nobody : value
    const next = { ...known, ...(userId && { userId }) }
    if (type === 'identify') next.traits = { ...next.traits, ...traits }
    if (type === 'group' && groupId) {
      next.groupTraits = { ...(next.groupId === groupId && next.groupTraits), ...traits }
      next.groupId = groupId
    }
    return next
  },
}
