import type { JsonObject } from '@waybill/protocol'
import type { IdentityState } from './accumulators/identity.ts'
import type { Row } from './line.ts'
import type { BufferState, Delivery, StreamState } from './records.ts'
import type { OpenSpan, Spans } from './spans.ts'
import type { Key } from './store.ts'
import { bornAt } from './uuid.ts'

/** All that a buffer holds. */
export interface Contents {
  state: BufferState | undefined
  delivery: Delivery
  rows: readonly Row[]
}

/** All that a buffer in memory holds. */
export interface Memory extends Contents {
  state: BufferState
  origin?: StreamState | undefined
}

/**
 * Takes what was kept in memory into the store: its streams under numbers of their own, and its cuts as they were
 * drawn, since they may have been presented. The store's current stream goes on; what the page has since learned of
 * the person joins it, unless `reset()` has begun another person meanwhile. Undefined where none of it may be kept:
 * consent was withdrawn, or the store was emptied on request since the page began to keep events in memory.
 *
 * @param memory with the stream that it went on from, if the page knew one: only what has changed since is news
 * @param reset whether it has
 * @param now ms since 1970
 */
export function adopt(
  store: Pick<Contents, 'state' | 'delivery'>,
  memory: Memory,
  reset: boolean,
  now: number,
): (Contents & { state: BufferState }) | undefined {
  const { state, delivery } = store
  const added = memory.state
  const firstNumber = Math.min(
    added.stream?.number ?? added.streams,
    ...memory.rows.map(([[number]]) => Number(number)),
  )
  const { consent, forgottenAt = 0 } = state ?? {}
  if (consent === 'denied' || (firstNumber <= forgottenAt && forgottenAt <= now)) return undefined
  const offset = state ? state.streams + 1 - firstNumber : 0
  const renumber = <Numbered extends { number: number }>(numbered: Numbered): Numbered => ({
    ...numbered,
    number: numbered.number + offset,
  })
  const lines = added.appended.lines - memory.delivery.forgotten.lines
  const bytes = added.appended.bytes - memory.delivery.forgotten.bytes
  const before = state ?? { ...added, appended: delivery.forgotten, dropped: 0 }
  const stream = added.stream
    ? join(reset ? undefined : state?.stream, renumber(added.stream), memory.origin)
    : state?.stream
  const { spans = {}, borrowed = [] } = added.stream ?? {}
  // Of a person who has given way to another meanwhile.
  const lost = Object.keys(spans).filter((id) => !borrowed.includes(id) && !stream?.spans?.[id])
  return {
    state: {
      ...before,
      consent: before.consent ?? added.consent,
      streams: added.streams + offset,
      stream,
      appended: { lines: before.appended.lines + lines, bytes: before.appended.bytes + bytes },
      dropped: before.dropped + added.dropped + lost.length,
      low: before.low || added.low,
    },
    delivery: {
      ...delivery,
      list: [...delivery.list, ...memory.delivery.list.map(renumber)],
      recorded: delivery.recorded + memory.delivery.recorded,
      rejected: delivery.rejected + memory.delivery.rejected,
      shed: delivery.shed + memory.delivery.shed,
    },
    rows: memory.rows.map(([key, text]) => [toKey(key, offset), text]),
  }
}

/** What the page has learned of the person joins the store's stream, unless that is a newer person's. */
function join(stored: StreamState | undefined, added: StreamState, origin?: StreamState): StreamState {
  if (!stored) return added
  const isSame = stored.anonymousId === added.anonymousId
  if (!isSame && bornAt(stored.streamId) > bornAt(added.anonymousId)) return stored
  // Other tabs may have changed the same stream meanwhile.
  const before = isSame ? origin : undefined
  const [known, learned] = [before, added].map((of) => of?.values.identity as IdentityState | undefined)
  const isNews = learned && !isEqual(learned, known)
  return {
    ...stored,
    ...(added.spans && { spans: joinSpans(stored.spans, origin?.spans, added) }),
    userId: added.userId === before?.userId ? stored.userId : (added.userId ?? stored.userId),
    values: {
      ...stored.values,
      registered: change(stored.values.registered, before?.values.registered, added.values.registered),
      ...(isNews && { identity: joinIdentity(stored.values.identity as IdentityState, known, learned) }),
    },
  }
}

/** The same changes, made to something else. */
function change(to: JsonObject, before: JsonObject = {}, after: JsonObject): JsonObject {
  const kept = Object.entries(to).filter(([name]) => Object.hasOwn(after, name) || !Object.hasOwn(before, name))
  const news = Object.entries(after).filter(([name, value]) => !isEqual(value, before[name]))
  return Object.fromEntries([...kept, ...news])
}

const isEqual = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

function joinIdentity(
  stored: IdentityState | undefined,
  before: IdentityState | undefined,
  added: IdentityState,
): IdentityState {
  const isOther = stored?.userId && added.userId && stored.userId !== added.userId
  if (!stored || isOther) return added
  const { userId = stored.userId, groupId } = added
  const user = { ...(userId && { userId }), traits: change(stored.traits, before?.traits, added.traits) }
  const hasMoved = groupId !== before?.groupId
  if (groupId !== stored.groupId) {
    const { groupId: group, groupTraits } = hasMoved ? added : stored
    return { ...user, ...(group && { groupId: group }), groupTraits }
  }
  const groupTraits = change(stored.groupTraits, hasMoved ? {} : before?.groupTraits, added.groupTraits)
  return { ...user, ...(groupId && { groupId }), groupTraits }
}

/**
 * Of the spans that memory took over, those that it still has open go on with what both have gathered; one that ended has
 * ended.
 */
function joinSpans(stored: Spans = {}, before: Spans = {}, { spans: added = {}, borrowed = [] }: StreamState): Spans {
  const joined: Record<string, OpenSpan> = {}
  for (const [id, span] of Object.entries(stored)) if (!borrowed.includes(id) || added[id]) joined[id] = span
  for (const [id, span] of Object.entries(added)) {
    const other = stored[id]
    if (!borrowed.includes(id)) joined[id] = span
    // What another tab has ended meanwhile has its event already.
    else if (other) {
      const properties = change(other.properties, before[id]?.properties, span.properties)
      joined[id] = { ...span, duration: Math.max(other.duration, span.duration), properties }
    }
  }
  return joined
}

const toKey = (key: Key, offset: number): Key => (typeof key === 'string' ? key : [key[0] + offset, key[1]])
