import { byteLength, type JsonObject, limits, type StreamId } from '@waybill/protocol'
import type { Accumulator, BufferHealth } from './accumulator.ts'
import type { DropReason } from './drop-reason.ts'
import { type Fault, foldAll } from './fold.ts'
import type { EventOperation, Journal, Operation } from './operation.ts'
import { type BufferState, type Delivery, emptyState, type StreamState } from './records.ts'
import { bornAt } from './uuid.ts'

export interface StampEnvironment {
  /** ms since 1970 */
  now: number
  /** A new UUID at each call. */
  mint: () => string
  /** Those that are folded here: not those in page scope. */
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
  /** Accumulators that went wrong, each in one way once. */
  faults: Fault[]
}

/*
 * Who has which share of the state's byte limit. What is left is for the buffer's health and the members' names.
 */
const REGISTERED_BYTES = 6_144
/** Of all accumulators in page scope. */
export const PAGE_BYTES = 2_048
/** Of all others. */
const ACCUMULATED_BYTES: number = limits.stateBytes - REGISTERED_BYTES - PAGE_BYTES - 256

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
  const faults = new Map<string, Fault>()
  const onFault = (fault: Fault) => faults.set(fault.code + fault.detail, fault)
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
    ...(person?.about && { about: person.about }),
  })
  let stream = state.stream ?? open(origin)
  // A clock that was set back would make everything look older than what was forgotten.
  const past = (at = 0) => (at <= now ? at : 0)
  const forgottenAt = past(state.forgottenAt)

  const refuse = (reason: DropReason) => {
    outcomes.push({ reason })
    dropped++
  }
  const register = (registered: JsonObject, properties: JsonObject): JsonObject | undefined => {
    const all = { ...registered, ...properties }
    return byteLength(JSON.stringify(all)) <= REGISTERED_BYTES ? all : undefined
  }

  const append = (to: StreamState, operation: EventOperation): StreamState => {
    const { text: own, at, set, page, priority } = operation
    const { registered: before, ...accumulated } = to.values
    const registered = set ? register(before, set) : before
    // The event says what has changed: it is nothing without the change.
    if (!registered) {
      refuse('state_too_large')
      return to
    }
    const { streamId, anonymousId } = to
    const userId = operation.userId ?? to.userId
    const { values, about } = foldAll(
      { values: accumulated, about: to.about },
      {
        accumulators,
        text: own,
        context: { idle: to.latestAt ? at - to.latestAt : 0, streamId, anonymousId, userId },
        maxBytes: ACCUMULATED_BYTES,
        onFault,
      },
    )
    const seq = to.seq + 1
    const buffer: BufferHealth = {
      pending: appended.lines - delivery.forgotten.lines,
      bytes: appended.bytes - delivery.forgotten.bytes,
      dropped,
      rejected: delivery.rejected,
      shed: delivery.shed,
    }
    const fits = byteLength(JSON.stringify({ ...page })) <= PAGE_BYTES
    if (!fits) onFault({ code: 'state_too_large', detail: 'what the page accumulated' })
    const carried = { registered, ...values, ...(fits && page), buffer }
    const identity = JSON.stringify({ anonymousId, userId, state: { ...carried, registered } })
    if (priority === 'low') low = true
    const rank = priority ? `"priority":"${priority}",` : ''
    const text = `{"streamId":"${streamId}","seq":${seq},"messageId":"${streamId}.${seq}",${rank}${own.slice(1, -1)},${identity.slice(1)}`
    lines.push({ key: [to.number, seq], text })
    outcomes.push({ seq })
    appended.lines++
    appended.bytes += byteLength(text)
    const next: StreamState = { ...to, userId, seq, latestAt: at, values: { registered, ...values } }
    if (Object.keys(about).length > 0) next.about = about
    else delete next.about
    return next
  }

  const apply = (to: StreamState, operation: Exclude<Operation, { kind: 'reset' }>): StreamState => {
    if (operation.kind === 'event') return append(to, operation)
    let registered: JsonObject | undefined = { ...to.values.registered }
    if (operation.kind === 'register') registered = register(registered, operation.properties)
    else for (const name of operation.names) delete registered[name]
    if (!registered) {
      refuse('state_too_large')
      return to
    }
    outcomes.push({})
    return { ...to, values: { ...to.values, registered } }
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
        refuse('internal')
      }
    }
  }
  return { state: { ...state, streams, stream, appended, dropped, low }, lines, outcomes, faults: [...faults.values()] }
}
