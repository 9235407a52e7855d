import type { Accumulator } from '../core/accumulator.ts'
import { readDelivery } from '../core/delivery.ts'
import type { DropReason } from '../core/drop-reason.ts'
import type { Identity, Journal, Operation } from '../core/operation.ts'
import { type BufferState, CUTS, isNewer, STATE } from '../core/records.ts'
import { type Outcome, stamp } from '../core/stamp.ts'
import {
  type Key,
  type KeyRange,
  lanes,
  type RunningTransaction,
  type Scope,
  type Store,
  type Transaction,
  type TransactionOptions,
} from '../core/store.ts'

/**
 * What became of a call. `durable`: it survives a kill of the browser. `memory`: IndexedDB could not be had, it
 * survives as long as the page. `dropped`: refused, for `reason`. An event that is stored while the page is being
 * left has no `seq` yet; a call that is no event has none ever.
 */
export type TrackResult = { status: 'durable' | 'memory'; seq?: number } | { status: 'dropped'; reason: DropReason }

/** An operation that is not in the store yet, and who waits for it. */
interface Waiting {
  operation: Operation
  resolve: (result: TrackResult) => void
}

export interface StamperOptions {
  store: Store
  accumulators: readonly Accumulator[]
  now: () => number
  mint: () => string
  /** Called after each commit that added lines. */
  onStored: (lines: number) => void
  /** A transaction failed for good; its operations are dropped. */
  onError: (error: { code: string; detail: string }) => void
}

export interface Stamper {
  /**
   * Begins a transaction in this very tick, or joins the one that is still reading. What was refused at the call is
   * counted with the next event.
   */
  submit: (operation: Operation | DropReason) => Promise<TrackResult>
  /** The page is going: undoes what is not yet committed and writes it raw, in one step that needs no reading. */
  leave: () => void
  /** The page runs. */
  resume: () => void
  /** Stamps what this page or another has left in the raw journal. */
  drain: () => void
  /** Resolves when everything submitted so far is stored or has failed. */
  settled: () => Promise<void>
}

/** A transaction, and the operations that it took with it. */
interface Run {
  taken: Waiting[]
  transaction?: RunningTransaction<() => void>
  undone?: boolean
}

/** Events of one transaction: more would hold the main thread for longer than a frame. */
const BURST = 200

/**
 * Writes each event and the state it completes in one transaction. Events that are handed over while a transaction
 * is still reading share it.
 */
export function createStamper(options: StamperOptions): Stamper {
  const { store, accumulators, now, mint, onStored, onError } = options
  const running = new Set<Run>()
  let waiting: Waiting[] = []
  let reading: Run | undefined
  let identity: Identity | undefined
  let refused = 0
  let left = false
  let journals = 0

  /** `work` resolves to what there is to do once it is committed. */
  async function follow(
    run: Run,
    work: (transaction: Transaction) => Promise<() => void>,
    options?: TransactionOptions,
  ): Promise<void> {
    running.add(run)
    try {
      run.transaction = store.transact(work, options)
      const committed = await run.transaction.done
      committed()
    } catch (error) {
      if (reading === run) reading = undefined
      if (run.undone) return
      for (const { resolve } of run.taken) resolve({ status: 'dropped', reason: 'internal' })
      onError({ code: 'internal', detail: String(error) })
    } finally {
      running.delete(run)
    }
  }

  const write = () => (left ? journal() : begin(false))

  /** @param drain stamp what is in the raw journal, too: only then can another tab's last write have to wait for us */
  function begin(drain: boolean): void {
    if (reading && !drain) return
    const run: Run = { taken: [] }
    const ranges: KeyRange[] = drain ? lanes.map((lane) => [lane, `${lane}~`]) : []
    reading = run
    const work = async ({ get, getAll, put, remove, commit }: Transaction) => {
      const [stored, delivery, ...laden] = await Promise.all([
        get(STATE),
        get(CUTS),
        ...ranges.map((range) => getAll(range)),
      ])
      if (reading === run) reading = undefined
      // A transaction that failed runs again, and has taken some already.
      run.taken.push(...waiting.splice(0, BURST))
      if (isNewer(stored)) {
        // What a newer release has stored this one can't read: leave the stamping to it.
        waiting = [...run.taken.splice(0), ...waiting]
        journal()
        return () => {}
      }
      if (waiting.length > 0) write()
      const raw = laden.flat().sort(byBirth)
      if (raw.length + run.taken.length === 0) return () => {}
      const journals = [...raw.map(([, record]) => record as Journal), toJournal(run.taken)]
      const environment = { now: now(), mint, accumulators, refused }
      const stamped = stamp(stored as BufferState | undefined, readDelivery(delivery), journals, environment)
      for (const { key, text } of stamped.lines) put(key, text)
      put(STATE, stamped.state)
      ranges.forEach(remove)
      commit()
      return () => {
        const { streamId, anonymousId, userId } = stamped.state.stream
        identity = { streamId, anonymousId, userId }
        refused -= environment.refused
        resolveAll(run.taken, stamped.outcomes.slice(-run.taken.length))
        if (stamped.lines.length > 0) onStored(stamped.lines.length)
      }
    }
    follow(run, work, { scope: drain ? ['buffer', ...lanes] : undefined })
  }

  /** Writes what waits as it is. */
  function journal(): void {
    if (waiting.length === 0) return
    const run: Run = { taken: waiting.splice(0) }
    const record: Journal = { ...toJournal(run.taken), identity }
    const lane = lanes[journals++ % lanes.length] as Scope
    const work = async ({ put, commit }: Transaction) => {
      put(lane + mint(), record)
      commit()
      return () => resolveAll(run.taken, [])
    }
    follow(run, work, { scope: [lane], urgent: true })
  }

  const toJournal = (taken: Waiting[]): Journal => ({ operations: taken.map(({ operation }) => operation) })

  const resolveAll = (taken: Waiting[], outcomes: Outcome[]) =>
    taken.forEach(({ resolve }, index) => {
      const { seq, reason } = outcomes[index] ?? {}
      resolve(reason ? { status: 'dropped', reason } : { status: store.mode, seq })
    })

  return {
    submit: (operation) =>
      new Promise((resolve) => {
        if (typeof operation === 'string') {
          refused++
          resolve({ status: 'dropped', reason: operation })
        } else {
          waiting.push({ operation, resolve })
          write()
        }
      }),
    leave() {
      if (left) return
      left = true
      const undone: Waiting[] = []
      for (const run of running) {
        // Too late to abort means that it is committing, so its events are safe.
        run.undone = run.transaction?.abort()
        if (run.undone) undone.push(...run.taken)
      }
      reading = undefined
      waiting = [...undone, ...waiting]
      journal()
    },
    resume() {
      left = false
    },
    drain() {
      if (!left) begin(true)
    },
    async settled() {
      while (running.size > 0) await Promise.allSettled([...running].map((run) => run.transaction?.done))
    },
  }
}

/** Raw records by their keys' UUIDs, which sort by time and, of one page, by order of call. */
const byBirth = ([a]: readonly [Key, unknown], [b]: readonly [Key, unknown]) =>
  String(a).slice(4) < String(b).slice(4) ? -1 : 1
