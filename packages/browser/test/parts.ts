import { type BatchHeader, limits, parseHeader } from '@waybill/protocol'
import type { Answer } from '../src/core/decide.ts'
import type { Lock } from '../src/core/lock.ts'
import { type BufferState, CUTS, type Delivery, lineRange, STATE } from '../src/core/records.ts'
import type { Send } from '../src/core/send.ts'
import { lanes, type Store } from '../src/core/store.ts'
import { createMemoryStore } from '../src/edges/memory-store.ts'
import type { BufferOptions } from '../src/flows/buffer.ts'
import { createMint, T0 } from './operations.ts'

/** Lets everything that can go on without a timer go on. */
export const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

export interface Gate {
  opened: Promise<void>
  open: () => void
}

export function createGate(): Gate {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

export interface Clock {
  now: () => number
  delay: (ms: number) => Promise<void>
  /** Sets the clock without running what waits: the device's clock was changed. */
  set: (ms: number) => void
  /** Lets so many ms pass; what falls due runs in its order and to its end. */
  pass: (ms: number) => Promise<void>
  /** The waits under way, in ms from now. */
  pending: () => number[]
}

/** Time that stands still until it is told to pass. */
export function createClock(): Clock {
  let time = T0
  let timers: { due: number; run: () => void }[] = []
  return {
    now: () => time,
    delay: (ms) =>
      new Promise((resolve) => {
        timers.push({ due: time + ms, run: resolve })
      }),
    set(ms) {
      time = ms
    },
    async pass(ms) {
      const end = time + ms
      await turn()
      for (;;) {
        const [next] = timers.toSorted((a, b) => a.due - b.due)
        if (!next || next.due > end) break
        timers = timers.filter((timer) => timer !== next)
        time = Math.max(time, next.due)
        next.run()
        await turn()
      }
      time = end
    },
    pending: () => timers.map(({ due }) => due - time).toSorted((a, b) => a - b),
  }
}

export interface Presented {
  header: BatchHeader
  /** Every byte after the first LF. */
  rest: string
  signal: AbortSignal
}

interface Collector {
  send: Send
  presented: Presented[]
  /** The texts of the lines of a presentation. */
  events: () => string[]
  /** How to answer; by default everything is recorded. */
  answer: (presented: Presented) => Answer | Promise<Answer>
}

export const record = ({ header: { batchId, first, last } }: Presented): Answer => ({
  status: 200,
  body: JSON.stringify({ batchId, recorded: last - first + 1, rejected: [] }),
})

export const outage = (): Answer => ({ status: 0, failure: 'TypeError: Failed to fetch' })

/** A collector that reads each batch as the protocol says and answers as it was told. */
function createCollector(): Collector {
  const collector: Collector = {
    presented: [],
    events: () =>
      collector.presented.flatMap(({ rest }) =>
        rest
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line).event),
      ),
    answer: record,
    async send(text, signal) {
      const end = text.indexOf('\n')
      const header = parseHeader(text.slice(0, end))
      if (!header.ok) throw new Error(`No header: ${JSON.stringify(header.fault)}`)
      const presented = { header: header.value, rest: text.slice(end + 1), signal }
      collector.presented.push(presented)
      return collector.answer(presented)
    },
  }
  return collector
}

/** One lock for as many tabs as share it. */
export function createLock(): Lock {
  let held = false
  return async (work, signal) => {
    if (held) return null
    held = true
    try {
      const released = new Promise<null>((resolve) => {
        signal.addEventListener('abort', () => resolve(null), { once: true })
      })
      return await Promise.race([work(), released])
    } finally {
      held = false
    }
  }
}

export interface Contents {
  state: BufferState
  delivery: Delivery
  lines: string[]
  raw: unknown[]
}

/** Everything that a store holds. */
export const readAll = (store: Store): Promise<Contents> =>
  store.transact(
    async ({ get, getAll }) => {
      const [state, delivery, lines, ...raw] = await Promise.all([
        get(STATE),
        get(CUTS),
        getAll(lineRange),
        ...lanes.map((lane) => getAll([lane, `${lane}~`])),
      ])
      return {
        state: state as BufferState,
        delivery: delivery as Delivery,
        lines: lines.map(([, text]) => text as string),
        raw: raw.flat().map(([, journal]) => journal),
      }
    },
    { scope: ['buffer', ...lanes] },
  ).done

/** Puts a record into the raw journal, as a page that was left has done. */
export const putRaw = (store: Store, record: unknown): Promise<void> =>
  store.transact(async ({ put }) => put(`${lanes[0]}00000000-0000-7000-8000-000000000000`, record), {
    scope: [lanes[0]],
  }).done

export type Parts = BufferOptions & {
  clock: Clock
  collector: Collector
  errors: { code: string; detail: string }[]
  stored: number[]
  recorded: string[]
}

/** Everything that a buffer is handed, in small and deterministic. */
export function createParts(parts: Partial<BufferOptions> = {}): Parts {
  const clock = createClock()
  const collector = createCollector()
  const errors: Parts['errors'] = []
  const stored: number[] = []
  const recorded: string[] = []
  return {
    clock,
    collector,
    errors,
    stored,
    recorded,
    store: createMemoryStore(),
    lock: createLock(),
    accumulators: [],
    now: clock.now,
    random: () => 1,
    mint: createMint(),
    delay: clock.delay,
    sdk: '@waybill/browser/0.0.0',
    limits,
    send: collector.send,
    onStored: (lines) => stored.push(lines),
    onRecorded: ({ batchId }) => recorded.push(batchId),
    onError: (error) => errors.push(error),
    ...parts,
  }
}
