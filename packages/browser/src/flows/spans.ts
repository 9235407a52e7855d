import type { JsonObject } from '@waybill/protocol'
import type { DropReason } from '../core/drop-reason.ts'
import type { EventOperation, Monotonic, Operation, SpanOperation } from '../core/operation.ts'
import { type RunningTime, readRunningTime } from '../core/running-time.ts'
import { isName, toEventOperation } from '../core/to-operation.ts'
import type { TrackResult } from './stamping.ts'

/** Something that takes a while. A handle: the span itself lies in the buffer, and outlives the page. */
export interface Span<Properties extends object = object> {
  /** What became of the call of `start`. */
  started: Promise<TrackResult>
  /** Gathers these; what was gathered under the same name before gives way. */
  set: (properties: Partial<Properties>) => Promise<TrackResult>
  /** Adds to a number that it has gathered, to 0 where it has none. */
  add: (name: Member<Properties>, n?: number) => Promise<TrackResult>
  /**
   * Makes its event of all that was gathered. Dropped for `span_ended` where that has happened before.
   *
   * @param options `outcome`: how it ended, default `completed`
   */
  end: (properties?: Partial<Properties>, options?: { outcome?: string }) => Promise<TrackResult>
}

/** Any name, where the app has not said which there are. */
type Member<Properties> = [keyof Properties] extends [never] ? string : keyof Properties & string

export interface SpansOptions {
  /** One call of the app, which hears of it if it is dropped. */
  call: (toOperation: () => Operation | DropReason) => Promise<TrackResult>
  /** A call of the SDK's own. */
  submit: (operation: Operation) => Promise<TrackResult>
  /** Stamps what pages have left behind: one of them may have left such a span to this page. */
  drain: () => void
  /** Shows the app what a call would put into the span's event; with `ends` that is the event. */
  prepare: (event: EventOperation | DropReason, ends: boolean) => EventOperation | DropReason
  now: () => number
  uptime: () => number
  /** A new version 7 UUID. */
  mint: () => string
  delay: (ms: number) => Promise<void>
  /** What the page's clock that does not jump says at such an `uptime`. */
  monotonic: (uptime: number) => Monotonic
  /** What the document says of itself. */
  context: () => JsonObject
  /** Whether anything can be stored. */
  mayStore: () => boolean
  sessionTimeout?: number
}

export interface SpanKeeper {
  start: <Properties extends object = object>(name: string, properties?: unknown) => Span<Properties>
  /** The page runs, or may be going: writes down how long the spans that it has open have taken. */
  tick: () => void
  /** The page is going: from now on its time does not count. */
  leave: () => void
  /** Whether the page has the span of this id open. */
  holds: (id: string) => boolean
  /**
   * Goes on with none of them: what is called on them is dropped.
   *
   * @param isFound another person was found to be here already: what is being started is theirs
   */
  close: (isFound?: boolean) => void
}

/** A handle, which stands for one span for good. */
interface Handle {
  name: string
  /** The page's own proposal, until it hears that its `start` went on with another span. */
  id: string
  /** The page's person; with another begins another. */
  era: number
  /** What became of `start` is known. */
  isStarted?: boolean
  /** Its span has ended. */
  isOver?: boolean
  /** A tick is under way. */
  ticking?: boolean
}

/** How often the time of open spans is written down: a crash costs so much of it. In ms. */
const TICK = 15_000

/** Keeps the spans that this page has open: turns their calls into operations, and says now and then that it runs. */
export function createSpanKeeper(options: SpansOptions): SpanKeeper {
  const { call, submit, prepare, now, uptime, mint, delay, context, mayStore, sessionTimeout = 1_800_000 } = options
  /** Those whose spans this page has open; one for each span that it has heard of. */
  const held = new Set<Handle>()
  let era = 0
  let time: RunningTime = { uptime: uptime(), ran: 0 }
  let isKeeping = false

  function toOperation(made: SpanOperation['call'], { name, id }: Handle): SpanOperation {
    time = readRunningTime(time, uptime())
    const monotonic = options.monotonic(time.uptime)
    return { kind: 'span', at: now(), call: made, name, id, monotonic, ran: Math.round(time.ran) }
  }

  function letGo({ id }: Handle): void {
    for (const handle of held) if (handle.id === id) held.delete(handle)
  }

  function learn(handle: Handle, { spanId }: { spanId?: string }): void {
    if (!spanId) return
    handle.id = spanId
    if (!held.has(handle)) return
    letGo(handle)
    held.add(handle)
  }

  function touch(made: 'tick' | 'leave', isTimer = false): void {
    for (const span of [...held]) {
      const operation = toOperation(made, span)
      // One at a time: the next tells all that this one would have.
      if (!mayStore() || (isTimer && span.ticking)) continue
      span.ticking = true
      submit(operation).then((result) => {
        span.ticking = false
        if (result.status !== 'dropped') learn(span, result)
        else letGo(span) // It was ended elsewhere, or the visitor is unknown now.
      })
    }
  }

  async function keepTicking(): Promise<void> {
    if (isKeeping) return
    isKeeping = true
    while (held.size > 0) {
      // Several of them before anybody takes the page for dead.
      await delay(Math.max(Math.min(TICK, sessionTimeout / 4) || 0, 1_000))
      if (mayStore()) options.drain()
      touch('tick', true)
    }
    isKeeping = false
  }

  return {
    start(name, properties) {
      const span: Handle = { name, id: mint(), era }
      const gather = (made: 'start' | 'set' | 'add' | 'end', properties: unknown, outcome: unknown = 'completed') =>
        call(() => {
          if (span.isOver || span.era !== era) return 'span_ended'
          if (!isName(outcome)) return 'invalid_name'
          const operation = toOperation(made, span)
          const { at, monotonic } = operation
          const said = toEventOperation(name, { type: 'track', event: name, properties }, at, {
            monotonic,
            context: context(),
          })
          const event = prepare(said, made === 'end')
          if (typeof event === 'string') {
            // Else it would be found abandoned, and sent after all.
            if (made === 'end' && event === 'before_send') submit({ ...operation, call: 'drop' })
            return event
          }
          const { text, page } = event
          const gathered = JSON.parse(text) as { properties: JsonObject; context: JsonObject }
          const ending = made === 'end' ? { outcome, ...(page && { page }) } : {}
          return { ...operation, properties: gathered.properties, context: gathered.context, ...ending }
        })
      const { boot } = options.monotonic(0)
      const started = gather('start', properties)
      held.add(span)
      started.then((result) => {
        span.isStarted = true
        if (result.status === 'dropped') held.delete(span)
        else {
          learn(span, result)
          // It was started by the clock of the person before.
          if (boot !== options.monotonic(0).boot) touch('tick')
          keepTicking()
        }
      })
      return {
        started,
        set: (added) => gather('set', added),
        add: (member: string, n = 1) =>
          Number.isFinite(n) ? gather('add', { [member]: n }) : call(() => 'not_a_number'),
        async end(added, ending) {
          const result = await gather('end', added, ending?.outcome)
          if (result.status !== 'dropped' || result.reason === 'span_ended' || result.reason === 'before_send') {
            span.isOver = true
            letGo(span)
          }
          return result
        },
      }
    },
    tick: () => touch('tick'),
    leave: () => touch('leave'),
    holds: (id) => [...held].some((span) => span.id === id),
    close(isFound) {
      era++
      for (const handle of held) {
        if (isFound && !handle.isStarted) handle.era = era
        else held.delete(handle)
      }
    },
  }
}
