import { byteLength, type JsonObject, limits, type StreamId } from '@waybill/protocol'
import type { Accumulator, BufferHealth, BuiltInAccumulator } from './accumulator.ts'
import type { Session } from './accumulators/session.ts'
import { countFor } from './delivery.ts'
import type { DropReason } from './drop-reason.ts'
import { exceeds } from './exceeds.ts'
import { type Fault, foldAll } from './fold.ts'
import type { EventOperation, Journal, Operation } from './operation.ts'
import { partFrom } from './part-from.ts'
import { type BufferState, type Delivery, emptyState, type StreamState } from './records.ts'
import { abandon, applySpan, isFor, type OpenSpan, ownCalls, readSpans } from './spans.ts'
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
  /** See `WaybillOptions`. */
  sessionTimeout?: number
  sessionEnded?: boolean
  /** Whether the wall clock can be taken at its word. Default true. */
  isSteady?: boolean
  /** For whom a boot was stamped last, by `anonymousId`, of calls that did not say whose they are. Default: none was. */
  boots?: ReadonlyMap<string, string>
  /** Whether the page that stamps has the span of this id, or alias, open: then it is not abandoned. Default: it has none. */
  holdsSpan?: (id: string) => boolean
}

/** What became of one operation: an event has its `seq`; what could not be kept has its `reason`. */
export type Outcome = { seq?: number; spanId?: string; reason?: DropReason }

export interface Stamped {
  state: BufferState
  lines: { key: [stream: number, seq: number]; text: string }[]
  /** One for each operation, in order. */
  outcomes: Outcome[]
  /** Accumulators that went wrong, each in one way once. */
  faults: Fault[]
  /** See `StampEnvironment`. */
  boots: Map<string, string>
}

/*
 * Who has which share of the state's byte limit. What is left is for the buffer's health and the members' names.
 */
const REGISTERED_BYTES = 6_144
/** Of all accumulators in page scope. */
export const PAGE_BYTES = 2_048
/** Of all others. */
const ACCUMULATED_BYTES: number = limits.stateBytes - REGISTERED_BYTES - PAGE_BYTES - 256

/** What tells one visit and one person from another. Together they fit their share at their largest, the user's id included. */
const ESSENTIAL = ['session', 'visitor', 'identity']

/**
 * Folds operations into the state and turns each event into its final line.
 *
 * @param before the stored state; undefined in a new buffer
 */
export function stamp(
  before: BufferState | undefined,
  delivery: Delivery,
  journals: readonly Journal[],
  environment: StampEnvironment,
): Stamped {
  const { now, mint, accumulators, refused, origin, sessionTimeout = 1_800_000, sessionEnded } = environment
  const { isSteady = true, holdsSpan = () => false } = environment
  const boots = new Map(environment.boots)
  const lines: Stamped['lines'] = []
  const outcomes: Outcome[] = []
  const faults = new Map<string, Fault>()
  const builtIn = (wanted: string): BuiltInAccumulator | undefined => accumulators.find(({ name }) => name === wanted)
  const essentials = new Map(ESSENTIAL.map((name) => [name, builtIn(name)?.shorten ?? (() => [])]))
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
    ...(person?.spans && { spans: person.spans, borrowed: Object.keys(person.spans) }),
  })
  let stream = state.stream ?? open(origin)
  if (stream.spans) {
    const spans = readSpans(stream.spans)
    dropped += Object.keys(stream.spans).length - Object.keys(spans).length
    stream = { ...stream, spans }
  }
  const countDropped = (to: StreamState, before: number): StreamState =>
    dropped > before ? { ...to, dropped: (to.dropped ?? 0) + dropped - before } : to
  stream = countDropped(stream, state.dropped)
  /** What is stamped is a record of the raw journal, which says whose it is. */
  let isLeft = false
  // A clock that was set back would make everything look older than what was forgotten.
  const past = (at = 0) => (at <= now ? at : 0)
  const forgottenAt = past(state.forgottenAt)

  const refuse = (reason: DropReason) => {
    outcomes.push({ reason })
    dropped++
  }
  const register = (registered: JsonObject, properties: JsonObject): JsonObject | undefined => {
    const all = { ...registered, ...properties }
    return exceeds(JSON.stringify(all), REGISTERED_BYTES) ? undefined : all
  }

  /**
   * Undefined where the event can't be kept.
   *
   * @param isActive whether somebody did something; else it tells afterwards of what ended by itself
   */
  const append = (to: StreamState, operation: EventOperation, isActive = true): StreamState | undefined => {
    const { text: own, at, set, page, priority } = operation
    const { registered: before, ...accumulated } = to.values
    const registered = set ? register(before, set) : before
    // The event says what has changed: it is nothing without the change.
    if (!registered) return
    const { streamId, anonymousId } = to
    const userId = operation.userId ?? to.userId
    const { values, about } = foldAll(
      { values: accumulated, about: to.about },
      {
        accumulators,
        text: own,
        context: { idle: to.latestAt ? at - to.latestAt : 0, streamId, anonymousId, userId },
        essentials,
        maxBytes: ACCUMULATED_BYTES,
        onFault,
      },
    )
    const seq = to.seq + 1
    const { bytes = 0, dropped = 0 } = to
    const { rejected, shed } = countFor(delivery, to.number)
    // Of this stream alone, which would else be known by what it took over from the person before. Its lines go last.
    const buffer: BufferHealth = {
      pending: Math.min(appended.lines - delivery.forgotten.lines, to.seq),
      bytes: Math.min(appended.bytes - delivery.forgotten.bytes, bytes),
      dropped,
      rejected,
      shed,
    }
    const fits = !exceeds(JSON.stringify({ ...page }), PAGE_BYTES)
    if (!fits) onFault({ code: 'state_too_large', detail: 'the scope page' })
    const carried = { registered, ...values, ...(fits && page), buffer }
    const identity = JSON.stringify({ anonymousId, userId, state: { ...carried, registered } })
    if (priority === 'low') low = true
    const rank = priority ? `"priority":"${priority}",` : ''
    const text = `{"streamId":"${streamId}","seq":${seq},"messageId":"${streamId}.${seq}",${rank}${own.slice(1, -1)},${identity.slice(1)}`
    lines.push({ key: [to.number, seq], text })
    appended.lines++
    const size = byteLength(text)
    appended.bytes += size
    const begins = Object(values.session).id !== Object(to.values.session).id
    // What was left behind may be stamped long after it happened; a clock that was set back is the others' word.
    const happenedAt = isLeft ? Math.max(at, to.latestAt) : at
    const latestAt = isActive || begins ? happenedAt : to.latestAt
    const next: StreamState = { ...to, userId, seq, bytes: bytes + size, latestAt, values: { registered, ...values } }
    if (Object.keys(about).length > 0) next.about = about
    else delete next.about
    return next
  }

  const endSpan = (to: StreamState, id: string, span: OpenSpan): StreamState => {
    const { [id]: _, ...spans } = to.spans ?? {}
    const rest = { ...to, spans }
    try {
      return append(rest, abandon(id, span), false) ?? rest
    } catch {
      dropped++ // Damaged: it can't be told of.
      return rest
    }
  }
  /** Once for each session, and only of one that began in this stream. */
  const endSession = (to: StreamState): StreamState => {
    const { id } = Object(to.values.session) as Session
    const { toEnded } = builtIn('session') ?? {}
    if (!sessionEnded || !toEnded || id === to.endedSession || !String(id).startsWith(to.streamId)) return to
    return { ...(append(to, toEnded(to.latestAt), false) ?? to), endedSession: id }
  }
  /**
   * Ends what is over by then: spans that no page has open any more, then the session, if no span is open, or if something
   * happens that begins the next.
   *
   * @param next what happens then; none: it is now
   */
  const conclude = (to: StreamState, at: number, next?: Operation): StreamState => {
    const call = next?.kind === 'span' ? next : undefined
    for (const [id, span] of Object.entries(to.spans ?? {})) {
      const untouched = at - span.touchedAt
      // Touched in times to come: the clock was set back.
      const isLeft =
        (next ? untouched : Math.abs(untouched)) > sessionTimeout && ![id, ...(span.aliases ?? [])].some(holdsSpan)
      // A page that goes on with a span has it open, however long it slept. One that starts it has not.
      if (isLeft && (call && isFor(call, id, span) ? call.call === 'start' : isSteady)) to = endSpan(to, id, span)
    }
    const isOver = to.latestAt > 0 && at - to.latestAt > sessionTimeout
    const happens = next?.kind === 'event' || call?.call === 'end'
    return isOver && (happens || Object.keys(to.spans ?? {}).length === 0) ? endSession(to) : to
  }
  /** The stream's last words: nobody goes on with it. */
  const finish = (to: StreamState): StreamState => {
    for (const [id, span] of Object.entries(to.spans ?? {})) to = endSpan(to, id, span)
    return endSession(to)
  }

  const apply = (to: StreamState, made: Exclude<Operation, { kind: 'reset' }>): StreamState => {
    const { boot = '', anonymousId = boots.get(boot) ?? to.anonymousId } = made
    const tells = made.kind === 'event' || made.kind === 'span'
    const operation = tells && anonymousId !== to.anonymousId ? partFrom(made, mint()) : made
    // For good: another person in this boot would be known by it.
    if (tells && boot) boots.set(boot, anonymousId)
    if (operation.kind === 'event') {
      const after = append(to, operation)
      if (after) outcomes.push({ seq: after.seq })
      else refuse('state_too_large')
      return after ?? to
    }
    if (operation.kind === 'span') {
      const outcome = applySpan(to.spans ?? {}, operation)
      if ('reason' in outcome) {
        // It is no call of the app's.
        if (ownCalls.includes(operation.call)) outcomes.push(outcome)
        else refuse(outcome.reason)
        return to
      }
      const { spans, id: spanId, event } = outcome
      const after = { ...to, spans }
      const next = (event && append(after, event)) ?? after
      outcomes.push(event ? { spanId, seq: next.seq } : { spanId })
      return next
    }
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

  for (const journal of journals) {
    let { identity } = journal
    isLeft = !!identity || 'tab' in journal
    /** Whose the operation is, where that person has gone and is still known. */
    let former: StreamState | undefined
    // A page that left while another tab's `reset()` was under way wrote for the person before. That person's stream
    // is closed, so the late events get one of their own: no stream ever links two people.
    const find = ({ kind, at, boot = '', ...operation }: Operation): StreamState | undefined => {
      const anonymousId = operation.anonymousId ?? boots.get(boot) ?? identity?.anonymousId
      if (former && former.anonymousId === anonymousId) return former
      if (former) finish(former)
      if (!isLeft || anonymousId === stream.anonymousId) return
      // Older than the `reset()` that began who is here now, and of nobody that anybody knows.
      if (boot && anonymousId === undefined && at < past(stream.partedAt) && kind !== 'reset') {
        const unknown = open()
        boots.set(boot, unknown.anonymousId)
        return unknown
      }
      // Not so where there is no stream any more, or the person was forgotten or cleared: nothing may lead back there.
      const isKnown = anonymousId && bornAt(anonymousId) >= Math.max(forgottenAt, past(state.since))
      if (!isKnown || (!state.stream && stream.partedAt === undefined)) return
      return open({ anonymousId, ...(identity?.anonymousId === anonymousId && identity) })
    }
    const change = (by: (to: StreamState) => StreamState) => {
      const before = dropped
      const after = countDropped(by(former ?? stream), before)
      if (former) former = after
      else stream = after
    }
    for (const operation of journal.operations ?? []) {
      try {
        if (operation.at < forgottenAt) {
          outcomes.push({ reason: 'forgotten' })
          continue
        }
        former = find(operation)
        change((to) => conclude(to, operation.at, operation))
        if (operation.kind === 'reset') {
          // Whoever was here at the call is to go, though its page had not heard of them; not who came after it.
          const isLater = isLeft && operation.at < past(stream.partedAt ?? (former && bornAt(stream.anonymousId)))
          if (former) change(finish)
          former = identity = undefined
          if (!isLater) {
            change(finish)
            stream = { ...open(), partedAt: operation.at }
          }
          outcomes.push({})
        } else change((to) => apply(to, operation))
      } catch {
        // Damaged, or of a release to come: it must not keep the others back.
        refuse('internal')
      }
    }
    if (former) finish(former)
  }
  isLeft = false
  stream = conclude(stream, now)
  return {
    state: { ...state, streams, stream, appended, dropped, low },
    lines,
    outcomes,
    faults: [...faults.values()],
    boots,
  }
}
