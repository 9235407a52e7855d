import type { Json, JsonObject } from '@waybill/protocol'
import type { BuiltInAccumulator } from '../accumulator.ts'

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

/** What may be told of the same person where that is too much, the most first. What was true of another is in none. */
function shorten(value: Json, before: Json | undefined): Json[] {
  const { userId, groupId } = Object(value) as IdentityState
  const stored = Object(before) as Partial<IdentityState>
  const former = !stored.userId || stored.userId === userId ? { ...nobody, ...stored } : nobody
  const user = userId ? { userId } : {}
  const group = groupId ? { groupId } : {}
  const groupTraits = former.groupId === groupId ? former.groupTraits : {}
  const shortened: IdentityState[] = [
    { ...user, traits: former.traits, ...group, groupTraits },
    { ...user, traits: {}, ...group, groupTraits: {} },
    { ...user, traits: {}, groupTraits: {} },
  ]
  return shortened as Json[]
}

/** Who the person was, as far as was known when the event happened, as `state.identity`. */
export const identity: BuiltInAccumulator<'identity', IdentityState> = {
  name: 'identity',
  shorten,
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
