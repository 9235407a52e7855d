import { type EndedSpan, type JsonObject, limits } from '@waybill/protocol'
import type { DropReason } from './drop-reason.ts'
import { exceeds } from './exceeds.ts'
import type { EventOperation, Monotonic, SpanOperation } from './operation.ts'
import { SILENCE } from './running-time.ts'
import { timestamp } from './timestamp.ts'

/** A span that has started and not ended. */
export interface OpenSpan {
  name: string
  /** ms since 1970 */
  startedAt: number
  /** For how many ms pages that had it open ran. */
  duration: number
  /** All it has gathered. */
  properties: JsonObject
  /** Of the page that last gathered something. */
  context: JsonObject
  /** When a page last said that it has it open: ms since 1970, and by that page's clock. */
  touchedAt: number
  monotonic: Monotonic
  /** The one page whose time counts, what it had run and when, ms since 1970. None once that page was left. */
  counting?: { boot: string; ran: number; at: number } | undefined
  /** Ids of later starts that went on with it: their pages call it so until they hear its own. */
  aliases?: string[]
}

/** By their ids. */
export type Spans = { readonly [id: string]: OpenSpan }

/** What became of a call: the spans after it, the id of its span, and the event if the span has ended. */
export type SpanOutcome = { spans: Spans; id: string; event?: EventOperation } | { reason: DropReason }

/** How many may be open at the same time, and how many bytes of JSON they may come to: they lie in the stored state. */
const MOST = 20
const BYTES = 20_480

/** Starts that are remembered: those before have long heard the id of the span. */
const ALIASES = 8

const appCalls: readonly string[] = ['start', 'set', 'add', 'end'] satisfies SpanOperation['call'][]

/** Those that the app has not made. */
export const ownCalls: readonly string[] = ['tick', 'leave', 'drop'] satisfies SpanOperation['call'][]

/** The spans of a stored state; what is damaged is left out. */
export const readSpans = (stored: unknown): Spans =>
  Object.fromEntries(
    Object.entries(Object(stored) as Spans).filter(([, stored]) => {
      const { name, startedAt, duration, properties, touchedAt, aliases = [] } = Object(stored) as OpenSpan
      return (
        typeof name === 'string' &&
        [startedAt, duration, touchedAt].every(Number.isFinite) &&
        Object(properties) === properties &&
        Array.isArray(aliases)
      )
    }),
  )

/** Whether a call is for this span: `start` goes on with the open one of its name, the others never ask for a name. */
export const isFor = (
  { call, name, id: own }: SpanOperation,
  id: string,
  { name: given, aliases }: OpenSpan,
): boolean => (call === 'start' ? name === given : own === id || !!aliases?.includes(own))

/** Does one call to the spans of a stream. */
export function applySpan(spans: Spans, operation: SpanOperation): SpanOutcome {
  const { call, at, properties, context, monotonic } = operation
  // What a later release has journalled, or is damaged, is no call of ours.
  if (![...appCalls, ...ownCalls].includes(call) || !operation.id || !Number.isFinite(at + operation.ran))
    throw new TypeError(call)
  const open = Object.entries(spans).find(([id, span]) => isFor(operation, id, span))
  if (!open && call !== 'start') return { reason: 'span_ended' }
  const [id, before] = open ?? [operation.id, begin(operation)]
  const span = touch(before, operation)
  if (call === 'start' && operation.id !== id) span.aliases = [...(span.aliases ?? []), operation.id].slice(-ALIASES)
  // The SDK's own word that a page has it open: it gathers nothing.
  if (call === 'tick' || call === 'leave') return { spans: { ...spans, [id]: span }, id }
  const { [id]: _, ...others } = spans
  if (call === 'drop') return { spans: others, id }
  const gathered: JsonObject = { ...span.properties }
  for (const [member, value] of Object.entries(properties ?? {})) {
    const former = gathered[member]
    const adds = call === 'add' && typeof value === 'number' && typeof former === 'number'
    const sum = adds ? former + value : value
    // JSON would make null of it.
    if (typeof sum === 'number' && !Number.isFinite(sum)) return { reason: 'not_a_number' }
    gathered[member] = sum
  }
  const after: OpenSpan = { ...span, properties: gathered, context: context ?? span.context }
  if (exceeds(JSON.stringify(gathered), limits.propertiesBytes)) return { reason: 'properties_too_large' }
  const all = call === 'end' ? { [id]: after } : { ...others, [id]: after }
  if (exceeds(JSON.stringify(all), BYTES) || Object.keys(all).length > MOST) return { reason: 'state_too_large' }
  if (call !== 'end') return { spans: all, id }
  const event = toEvent(id, after, { outcome: operation.outcome ?? 'completed', at, monotonic, context: after.context })
  return { spans: others, id, event: { ...event, ...(operation.page && { page: operation.page }) } }
}

/** The event of a span that no page has ended: all it had gathered and run when a page last had it open. */
export const abandon = (id: string, span: OpenSpan): EventOperation =>
  toEvent(id, span, {
    outcome: 'abandoned',
    at: span.touchedAt,
    monotonic: span.monotonic,
    // Nobody did anything: https://segment.com/docs/connections/spec/common/#context
    context: { ...span.context, active: false },
  })

const begin = ({ name, at, monotonic }: SpanOperation): OpenSpan => ({
  name,
  startedAt: at,
  duration: 0,
  properties: {},
  context: {},
  touchedAt: at,
  monotonic,
})

/**
 * One page counts at a time, by its own clock alone, so that no time is counted twice: the last that has called `start`,
 * until it is left. Another that has the span open takes over then, or when that page has been silent for longer than a
 * page that runs can be.
 */
function touch(span: OpenSpan, { call, at, ran, monotonic, isParted }: SpanOperation): OpenSpan {
  const { counting } = span
  const { boot } = monotonic
  const own = counting?.boot === boot ? counting : undefined
  // A wall clock that jumps can only change who counts.
  const free = !counting || Math.abs(at - counting.at) > SILENCE
  const counts = own || free || call === 'start'
  return {
    ...span,
    duration: span.duration + (own ? Math.max(0, ran - own.ran) : 0),
    touchedAt: at,
    monotonic,
    counting: !counts
      ? counting
      : call === 'leave' || isParted
        ? undefined
        : { boot, ran: Math.max(ran, own?.ran ?? 0), at },
  }
}

function toEvent(
  id: string,
  { name, startedAt, duration, properties }: OpenSpan,
  end: { outcome: string; at: number; monotonic: Monotonic; context: JsonObject },
): EventOperation {
  const { outcome, at, monotonic, context } = end
  const span: EndedSpan = { id, startedAt: timestamp(startedAt), duration, outcome }
  const text = JSON.stringify({
    type: 'track',
    event: name,
    properties,
    span,
    timestamp: timestamp(at),
    monotonic,
    context,
  })
  return { kind: 'event', at, text }
}
