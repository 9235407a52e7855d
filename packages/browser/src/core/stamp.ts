import { byteLength, type Json, type StreamId } from '@waybill/protocol'
import type { Accumulator, BufferHealth, TrackedEvent } from './accumulator.ts'
import type { DropReason } from './drop-reason.ts'
import type { Journal, Operation } from './operation.ts'
import { type BufferState, type Delivery, emptyState, type StreamState } from './records.ts'
import { bornAt } from './uuid.ts'

export interface StampEnvironment {
  /** ms since 1970 */
  now: number
  /** A new UUID at each call. */
  mint: () => string
  accumulators: readonly Accumulator[]
  /** Events that were refused at the call since the last stamping. */
  refused: number
  /** What to go on from where the store has no stream yet: the person that the page knew, and what had accumulated. */
  origin?: StreamState
}

/** What became of one operation: an event has its `seq`; what could not be kept has its `reason`. */
export type Outcome = { seq?: number; reason?: DropReason }

export interface Stamped {
  state: BufferState
  lines: { key: [stream: number, seq: number]; text: string }[]
  /** One for each operation, in order. */
  outcomes: Outcome[]
}

/** The registered properties' share of the state's byte limit; the rest is the accumulators'. */
const REGISTERED_BYTES = 6_144

/**
 * Folds operations into the state and turns each event into its final line.
 *
 * @param before the stored state; undefined in a new buffer
 */
export function stamp(
  before: BufferState | undefined,
  delivery: Delivery,
  journals: readonly Journal[],
  { now, mint, accumulators, refused, origin }: StampEnvironment,
): Stamped {
  const lines: Stamped['lines'] = []
  const outcomes: Outcome[] = []
  // Counted on from what was forgotten, so that the difference stays true where the state record was lost.
  const state = before ?? { ...emptyState(now), appended: delivery.forgotten }
  let { streams, dropped, low } = state
  dropped += refused
  const appended = { ...state.appended }
  const open = (person?: Partial<StreamState>): StreamState => ({
    number: ++streams,
    streamId: mint() as StreamId,
    seq: 0,
    latestAt: person?.latestAt ?? 0,
    anonymousId: person?.anonymousId ?? mint(),
    userId: person?.userId,
    values: person?.values ?? { registered: {} },
  })
  let stream = state.stream ?? open(origin)
  // A clock that was set back would make everything look older than what was forgotten.
  const past = (at = 0) => (at <= now ? at : 0)
  const forgottenAt = past(state.forgottenAt)

  const append = (to: StreamState, operation: Operation & { kind: 'event' }): StreamState => {
    const event: TrackedEvent = JSON.parse(operation.text)
    const { streamId, anonymousId } = to
    const userId = operation.userId ?? to.userId
    const context = { idle: operation.at - to.latestAt, streamId, anonymousId }
    const values = { ...to.values }
    for (const { name, fold } of accumulators) values[name] = fold(values[name], event, context)
    const seq = to.seq + 1
    const buffer: BufferHealth = {
      pending: appended.lines - delivery.forgotten.lines,
      bytes: appended.bytes - delivery.forgotten.bytes,
      dropped,
      rejected: delivery.rejected,
      shed: delivery.shed,
    }
    const identity = JSON.stringify({ anonymousId, userId, state: { ...values, buffer } })
    const { priority } = operation
    if (priority === 'low') low = true
    const rank = priority ? `"priority":"${priority}",` : ''
    const text = `{"streamId":"${streamId}","seq":${seq},"messageId":"${streamId}.${seq}",${rank}${operation.text.slice(1, -1)},${identity.slice(1)}`
    lines.push({ key: [to.number, seq], text })
    outcomes.push({ seq })
    appended.lines++
    appended.bytes += byteLength(text)
    return { ...to, userId, seq, latestAt: operation.at, values }
  }

  const apply = (to: StreamState, operation: Exclude<Operation, { kind: 'reset' }>): StreamState => {
    if (operation.kind === 'event') return append(to, operation)
    const registered: Record<string, Json> = { ...to.values.registered }
    if (operation.kind === 'register') Object.assign(registered, operation.properties)
    else for (const name of operation.names) delete registered[name]
    if (byteLength(JSON.stringify(registered)) <= REGISTERED_BYTES) {
      outcomes.push({})
      return { ...to, values: { ...to.values, registered } }
    }
    outcomes.push({ reason: 'state_too_large' })
    dropped++
    return to
  }

  for (const { identity, operations } of journals) {
    // A page that left while another tab's `reset()` was under way wrote for the person before. That person's stream
    // is closed, so the late events get one of their own: no stream ever links two people.
    // Not so where there is no stream any more, or the person's was forgotten or cleared: nothing may lead back to it.
    const known = identity && state.stream && bornAt(identity.streamId) >= Math.max(forgottenAt, past(state.since))
    let former = known && identity.streamId !== stream.streamId ? open(identity) : undefined
    for (const operation of operations ?? []) {
      try {
        if (operation.at < forgottenAt) outcomes.push({ reason: 'forgotten' })
        else if (operation.kind === 'reset') {
          if (!former) stream = open()
          former = undefined
          outcomes.push({})
        } else if (former) former = apply(former, operation)
        else stream = apply(stream, operation)
      } catch {
        // Damaged, or of a release to come: it must not keep the others back.
        outcomes.push({ reason: 'internal' })
        dropped++
      }
    }
  }
  return { state: { ...state, streams, stream, appended, dropped, low }, lines, outcomes }
}
