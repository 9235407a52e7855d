import { byteLength, type Json, type StreamId } from '@waybill/protocol'
import type { Accumulator, BufferHealth, TrackedEvent } from './accumulator.ts'
import type { DropReason } from './drop-reason.ts'
import type { Identity, Journal, Operation } from './operation.ts'
import { type BufferState, type Delivery, FORMAT, type StreamState } from './records.ts'

export interface StampEnvironment {
  /** ms since 1970 */
  now: number
  /** A new UUID at each call. */
  mint: () => string
  accumulators: readonly Accumulator[]
  /** Events that were refused at the call since the last stamping. */
  refused: number
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
  { now, mint, accumulators, refused }: StampEnvironment,
): Stamped {
  const lines: Stamped['lines'] = []
  const outcomes: Outcome[] = []
  // The first stream of a buffer is numbered by the clock: lines that outlived a lost state record keep their own keys.
  let streams = before?.streams ?? now
  const open = (identity?: Identity): StreamState => ({
    number: ++streams,
    streamId: mint() as StreamId,
    seq: 0,
    latestAt: 0,
    anonymousId: identity?.anonymousId ?? mint(),
    userId: identity?.userId,
    values: { registered: {} },
  })
  let stream = before?.stream ?? open()
  // Counted on from what was forgotten, so that the difference stays true where the state record was lost.
  const appended = { ...(before?.appended ?? delivery.forgotten) }
  let dropped = (before?.dropped ?? 0) + refused

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
    }
    const identity = JSON.stringify({ anonymousId, userId, state: { ...values, buffer } })
    const text = `{"streamId":"${streamId}","seq":${seq},"messageId":"${streamId}.${seq}",${operation.text.slice(1, -1)},${identity.slice(1)}`
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
    let former = identity && identity.streamId !== stream.streamId ? open(identity) : undefined
    for (const operation of operations ?? []) {
      try {
        if (operation.kind === 'reset') {
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
  return { state: { format: FORMAT, streams, stream, appended, dropped }, lines, outcomes }
}
