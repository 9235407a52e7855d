import { type BatchHeader, limits, parseHeader } from '@waybill/protocol'
import type { Consent } from '../src/core/consent.ts'
import type { Answer } from '../src/core/decide.ts'
import type { LastWords } from '../src/core/last-words.ts'
import type { Lock } from '../src/core/lock.ts'
import { type BufferState, CUTS, type Delivery, lineRange, RAW, rawRange, STATE } from '../src/core/records.ts'
import type { DeferredCopy, Send } from '../src/core/send.ts'
import type { Key, Store, Transaction, TransactionOptions } from '../src/core/store.ts'
import { createMemoryStore } from '../src/edges/memory-store.ts'
import type { BufferOptions } from '../src/flows/buffer.ts'
import type { BuffersOptions } from '../src/flows/buffers.ts'
import { createRetryingStore } from '../src/flows/retrying-store.ts'
import type { Hindrance, Waiting } from '../src/flows/stamping.ts'
import { createMint, createTab, T0 } from './operations.ts'

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
  /** ms since it began to stand still: what is passed counts, what is set does not. */
  uptime: () => number
  delay: (ms: number) => Promise<void>
  /** Sets the clock without running what waits: the device's clock was changed. */
  set: (ms: number) => void
  /** Lets so many ms pass in which nothing runs, not even what falls due. */
  tick: (ms: number) => void
  /** Lets so many ms pass; what falls due runs in its order and to its end. */
  pass: (ms: number) => Promise<void>
  /** The waits under way, in ms from now. */
  pending: () => number[]
}

/** Time that stands still until it is told to pass. */
export function createClock(): Clock {
  let time = T0
  let set = 0
  let timers: { due: number; run: () => void }[] = []
  return {
    now: () => time,
    uptime: () => time - T0 - set,
    delay: (ms) =>
      new Promise((resolve) => {
        timers.push({ due: time + ms, run: resolve })
      }),
    set(ms) {
      set += ms - time
      time = ms
    },
    tick(ms) {
      time += ms
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
  /** What lies in the raw journal, in the store or among the last words. */
  raw: unknown[]
}

/** Everything that a buffer holds. */
export const readAll = ({ store, lastWords }: Pick<BufferOptions, 'store' | 'lastWords'>): Promise<Contents> =>
  store.transact(async ({ get, getAll }) => {
    const [state, delivery, lines, raw] = await Promise.all([
      get(STATE),
      get(CUTS),
      getAll(lineRange),
      getAll(rawRange),
    ])
    const words = lastWords.read().map(([id, text]) => [RAW + id, JSON.parse(text)] as const)
    const left = new Map<Key, unknown>([...raw, ...words])
    return {
      state: state as BufferState,
      delivery: delivery as Delivery,
      lines: lines.map(([, text]) => text as string),
      raw: [...left.values()],
    }
  }).done

/** Puts a record into the raw journal, as another tab has done. */
export const putRaw = (store: Store, record: unknown): Promise<void> =>
  store.transact(async ({ put }) => {
    const id = '00000000-0000-7000-8000-000000000000'
    put(RAW + id, typeof record === 'object' ? { tab: id, run: 1, ...record } : record)
  }).done

/** What is said in every place that was opened under a name. */
const places = new Map<string, Map<string, string>>()

/** Last words like the real ones, without the browser. Those of one name share what they hold. */
export function createMemoryWords(name: string = crypto.randomUUID()): LastWords {
  const words = places.get(name) ?? new Map<string, string>()
  places.set(name, words)
  return {
    write: (id, text) => !!words.set(id, text),
    read: () => [...words],
    remove(ids) {
      for (const id of ids) words.delete(id)
    },
  }
}

export interface Disk extends Store {
  /** What the next transactions fail with, if they do; `always` what every one does that has none of these. */
  failures: (Error | undefined)[]
  always: Error | undefined
  /** How many transactions were begun. */
  begun: number
  /** A transaction begins no sooner, and commits no sooner; it can be aborted until then. */
  beforeBegin: () => unknown
  beforeCommit: () => unknown
  /** It is committed, and its page hears of it no sooner. */
  beforeDone: () => unknown
  /** Awaited before the page is answered in its next one: a browser tells of each in a task of its own. */
  afterDone: () => unknown
}

/**
 * A durable store: as IndexedDB does it, `work` is asked at once what it wants and is answered when its turn has come, a
 * transaction can be aborted until it commits, and what says that all is asked for is committing from then on.
 */
export function createDisk(memory: Store = createMemoryStore()): Disk {
  const live = new Set<() => boolean>()
  /** A page hears of one transaction's end before the next one is answered. */
  let heard: Promise<unknown> = Promise.resolve()
  const disk: Disk = {
    mode: 'durable',
    abortAll() {
      for (const abort of live) abort()
    },
    failures: [],
    always: undefined,
    begun: 0,
    beforeBegin: () => {},
    beforeCommit: () => {},
    beforeDone: () => {},
    afterDone: () => {},
    transact<Value>(work: (transaction: Transaction) => Promise<Value>, options?: TransactionOptions) {
      disk.begun++
      const failure = disk.failures.length > 0 ? disk.failures.shift() : disk.always
      let committing = false
      let aborted = false
      let give: () => void = () => {}
      const givenUp = new Promise<void>((resolve) => {
        give = resolve
      })
      const check = () => {
        if (aborted) throw new DOMException('aborted', 'AbortError')
      }
      let grant: (transaction: Transaction) => void = () => {}
      const granted = new Promise<Transaction>((resolve) => {
        grant = resolve
      })
      const read = async <Found>(use: (transaction: Transaction) => Promise<Found>): Promise<Found> => {
        const found = await use(await granted)
        check()
        return found
      }
      const writes: ((transaction: Transaction) => void)[] = []
      const worked = work({
        get: (key) => read(({ get }) => get(key)),
        getAll: (range, limit) => read(({ getAll }) => getAll(range, limit)),
        count: (range) => read(({ count }) => count(range)),
        put: (key, value) => writes.push(({ put }) => put(key, value)),
        remove: (range) => writes.push(({ remove }) => remove(range)),
        commit() {
          check()
          committing = true
        },
      })
      worked.catch(() => {})
      const begin = async () => {
        await Promise.race([disk.beforeBegin(), givenUp])
        check()
        const value = await memory.transact(async (transaction) => {
          await heard
          check()
          grant(transaction)
          const value = await Promise.race([worked, givenUp.then(check)])
          await Promise.race([disk.beforeCommit(), givenUp])
          check()
          committing = true
          if (failure) throw failure
          for (const write of writes) write(transaction)
          return value
        }, options).done
        const done = Promise.resolve(disk.beforeDone())
        heard = done.catch(() => {}).then(() => disk.afterDone())
        await done
        return value as Value
      }
      const abort = () => {
        if (committing) return false
        aborted = true
        give()
        return true
      }
      live.add(abort)
      return { done: begin().finally(() => live.delete(abort)), abort }
    },
  }
  return disk
}

export interface Conductor {
  /** A tab's own connection to a store. */
  connect: (memory: Store, tab: string) => Disk
  /** The tabs whose next step waits to be taken. */
  waiting: () => string[]
  /** Lets a tab's oldest transaction that waits begin, commit, or be heard of. */
  step: (tab: string) => Promise<void>
  /** What a tab has under way and is not committed fails. */
  fail: (tab: string, error: Error) => Promise<void>
  /** The tab is gone: what it had not committed never was. */
  kill: (tab: string) => void
  /** From here on nobody waits. */
  free: () => Promise<void>
}

interface Wait {
  tab: string
  /** It is in the store already. */
  done: boolean
  go: () => void
  die: (error: Error) => void
}

/** Decides which tab gets on: each beginning and end of their transactions waits for it, and each word of an end. */
export function createConductor(): Conductor {
  let waits: Wait[] = []
  let isFree = false
  const dead = new Set<string>()
  const wait = (tab: string, done = false) =>
    new Promise<void>((go, die) => {
      if (dead.has(tab)) die(new Error('killed'))
      else if (isFree) go()
      else waits.push({ tab, done, go, die })
    })
  const fail = (tab: string, error: Error) => {
    for (const { die } of waits.filter((one) => one.tab === tab && !one.done)) die(error)
    waits = waits.filter((one) => one.tab !== tab || one.done)
  }
  return {
    connect(memory, tab) {
      const disk = createDisk(memory)
      disk.beforeBegin = () => wait(tab)
      disk.beforeCommit = () => wait(tab)
      disk.beforeDone = () => wait(tab, true)
      return disk
    },
    waiting: () => [...new Set(waits.map(({ tab }) => tab))],
    async step(tab) {
      const next = waits.find((one) => one.tab === tab)
      waits = waits.filter((one) => one !== next)
      next?.go()
      await turn()
    },
    async fail(tab, error) {
      fail(tab, error)
      await turn()
    },
    kill(tab) {
      dead.add(tab)
      for (const { die } of waits.filter((one) => one.tab === tab)) die(new Error('killed'))
      waits = waits.filter((one) => one.tab !== tab)
    },
    async free() {
      isFree = true
      for (const { go } of waits.splice(0)) go()
      await turn()
    },
  }
}

/**
 * What a sink would hold by batch id, as texts `first-last what`, stream by stream. Throws where a stream has a gap or a
 * repeat, or where a batch came again with other bytes: completeness is proved from what was presented alone.
 */
export function readStreams(presented: readonly Presented[]): string[][] {
  const batches = new Map<string, string>()
  const streams = new Map<string, string[]>()
  const next = new Map<string, number>()
  for (const { header, rest } of presented) {
    const before = batches.get(header.batchId)
    if (before === rest) continue
    if (before) throw new Error(`${header.batchId} came with other bytes`)
    batches.set(header.batchId, rest)
    const lines = streams.get(header.streamId) ?? []
    streams.set(header.streamId, lines)
    for (const text of rest.trimEnd().split('\n')) {
      const { streamId, seq, through = seq, event, type, reason } = JSON.parse(text)
      const due = next.get(header.streamId) ?? 1
      if (streamId !== header.streamId || seq !== due) throw new Error(`${seq} where ${due} is due in ${text}`)
      next.set(header.streamId, through + 1)
      const range = through > seq ? `${seq}-${through}` : `${seq}`
      lines.push(type === 'shed' ? `${range} ${reason}` : `${range} ${event}`)
    }
    if (next.get(header.streamId) !== header.last + 1) throw new Error(`${header.batchId} ends elsewhere`)
  }
  return [...streams.values()]
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export type Parts = Omit<BufferOptions, 'deferredCopy'> & {
  clock: Clock
  collector: Collector
  /** The copy that the browser would send, if the page were gone now. */
  deferredCopy: DeferredCopy & { text: string | undefined; armed: number }
  errors: { code: string; detail: string }[]
  hindrances: Hindrance[]
  stored: number[]
  recorded: string[]
  shed: { events: number; reason: string }[]
}

/** Another store than the one that fails, and who tells of consent: what `createBuffers` takes beside a buffer's parts. */
export function createBuffersParts(given: Partial<Omit<BuffersOptions, 'deferredCopy'>> = {}): Parts &
  Pick<BuffersOptions, 'consent' | 'createMemoryStore' | 'onConsent' | 'onLost'> & {
    disk: Disk
    refused: string[]
    lost: { reason: string }[]
  } {
  const lost: { reason: string }[] = []
  const disk = createDisk()
  const refused: string[] = []
  const options = {
    disk,
    refused,
    lost,
    onLost: (one: { reason: string }) => lost.push(one),
    createMemoryStore,
    consent: () => 'granted' as Consent,
    onConsent(waiting: Waiting[], consent: Consent) {
      refused.push(consent)
      for (const { resolve } of waiting) resolve({ status: 'dropped', reason: 'consent_denied' })
    },
    ...given,
  }
  return { ...createParts({ store: createRetryingStore(disk), ...given }), ...options }
}

/** Another page on the same site. */
export const newPage = <Options extends { tab: string }>(parts: Options): Options => ({ ...parts, tab: createTab() })

/** Everything that a buffer is handed, in small and deterministic. */
export function createParts(parts: Partial<BufferOptions> = {}): Parts {
  const clock = createClock()
  const collector = createCollector()
  const errors: Parts['errors'] = []
  const hindrances: Hindrance[] = []
  const stored: number[] = []
  const recorded: string[] = []
  const shed: Parts['shed'] = []
  const deferredCopy: Parts['deferredCopy'] = {
    text: undefined,
    armed: 0,
    arm(text) {
      deferredCopy.text = text
      deferredCopy.armed++
    },
    disarm() {
      deferredCopy.text = undefined
    },
  }
  return {
    clock,
    collector,
    errors,
    hindrances,
    stored,
    recorded,
    shed,
    store: createDisk(),
    lastWords: createMemoryWords(),
    lock: createLock(),
    tab: createTab(clock.now),
    accumulators: [],
    now: clock.now,
    uptime: clock.uptime,
    random: () => 1,
    mint: createMint(clock.now),
    delay: clock.delay,
    sdk: '@waybill/browser/0.0.0',
    limits,
    send: collector.send,
    assumedConsent: () => 'granted',
    onStored: (lines) => stored.push(lines),
    onOwed() {},
    onHindered(waiting, hindrance) {
      hindrances.push(hindrance)
      for (const { resolve } of waiting) resolve({ status: 'dropped', reason: 'internal' })
    },
    onRecorded: ({ batchId }) => recorded.push(batchId),
    onShed: (given) => shed.push(given),
    onError: (error) => errors.push(error),
    ...parts,
    deferredCopy,
  }
}
