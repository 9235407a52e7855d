import type { Accumulator } from '../core/accumulator.ts'
import { type ClockCheck, checkClock, isSteady } from '../core/clock-check.ts'
import type { Consent } from '../core/consent.ts'
import type { DropReason } from '../core/drop-reason.ts'
import type { LastWords } from '../core/last-words.ts'
import type { Row } from '../core/line.ts'
import { type Journal, lastBoot, type Operation, type RawRecord } from '../core/operation.ts'
import { parseObject } from '../core/parse-object.ts'
import {
  type BufferState,
  CUTS,
  type DeliveryError,
  isNewer,
  MARK,
  type Mark,
  markRange,
  RAW,
  rawRange,
  readDelivery,
  readState,
  STATE,
  type StreamState,
} from '../core/records.ts'
import { sift } from '../core/sift.ts'
import { type Outcome, stamp } from '../core/stamp.ts'
import type { RunningTransaction, Store, Transaction } from '../core/store.ts'
import { DAY } from '../core/timestamp.ts'

/**
 * What became of a call. `durable`: it survives a kill of the browser. `memory`: it survives as long as the page, since
 * IndexedDB can't be had or the visitor has not consented yet; left as last words it most likely survives the page,
 * too. `dropped`: refused, for `reason`. An event that is
 * stored while the page is being left has no `seq` yet; a call that is no event has none ever. `spanId` is the id of the
 * span that the call was for.
 */
export type TrackResult =
  | { status: 'durable' | 'memory'; seq?: number; spanId?: string }
  | { status: 'dropped'; reason: DropReason }

/** An operation that is not in the store yet, and who waits for it. */
export interface Waiting {
  operation: Operation
  resolve: (result: TrackResult) => void
}

/** Why operations are not stored: the visitor's decision, or what the store failed with. */
export type Hindrance = { consent: Exclude<Consent, 'granted'> } | { error: unknown }

export interface StamperOptions {
  store: Store
  lastWords: LastWords
  /** This document's id, a version 7 UUID. */
  tab: string
  accumulators: readonly Accumulator[]
  now: () => number
  /** The page's own clock, which does not jump: ms since it began. */
  uptime: () => number
  mint: () => string
  delay: (ms: number) => Promise<void>
  /** What holds where the store knows no decision. */
  assumedConsent: () => Consent
  /** What the visitor has decided, as far as this page knows. Default: `granted`. */
  consent?: () => Consent
  /**
   * Since when the visitor wants forgotten what was before, in ms since 1970, if this store has not done it yet: it would
   * take with it what is stored before that. Default: nothing is to be forgotten.
   *
   * @param wishedAt the last wish that was done
   */
  owes?: ((wishedAt: number | undefined) => number | undefined) | undefined
  /** These came after what is to be forgotten first. */
  onOwed: (waiting: Waiting[]) => void
  /** See `StampEnvironment`. */
  origin?: StreamState | undefined
  /** The same; what is committed is added. One map for all stampers of a page. */
  boots?: Map<string, string>
  /** Called after each commit that changed the state. */
  onWritten?: (() => void) | undefined
  sessionTimeout?: number
  sessionEnded?: boolean
  holdsSpan?: (id: string) => boolean
  /** Told after the commit of each accumulator that went wrong in it. */
  onError: (error: Pick<DeliveryError, 'code' | 'detail'>) => void
  /** Called after each commit that added lines, with the bytes that wait in the store. */
  onStored: (lines: number, bytes: number) => void
  /** These can't be stored here. */
  onHindered: (waiting: Waiting[], hindrance: Hindrance) => void
}

export interface Stamper {
  /**
   * Begins a transaction when the caller's script has ended, or joins the one that is still reading: nothing could be read
   * sooner, and the call would be held up by it. What was refused at the call is counted
   * with the next event.
   */
  submit: (operation: Operation | DropReason) => Promise<TrackResult>
  /** The page is going: undoes what is not yet committed and leaves it behind raw, in one step that needs no reading. */
  leave: () => void
  /** The same for a page that may stay after all; it goes on in the next turn. */
  maybeLeave: () => Promise<void>
  /** The page runs. What it tracks from here on comes after what earlier pages have left: that is stamped first. */
  resume: () => void
  /** Stamps what this page or another has left in the raw journal. */
  drain: () => void
  /** Resolves when everything submitted so far is stored or has failed. */
  settled: () => Promise<void>
  /** How many were refused at the call and are not counted in the store yet. */
  refused: () => number
  /** The current stream, as far as this page knows. */
  stream: () => StreamState | undefined
  /** A `reset()` was left behind and is not known to be stamped: whoever is found in the store may be of before. */
  isParting: () => boolean
  /** Another flow has written it. */
  know: (stream: StreamState | undefined) => void
}

/** A transaction, and the operations that it took with it. */
interface Run {
  /** Of its raw record, once it has one. */
  id?: string
  number: number
  taken: Waiting[]
  /** It stamps what is in the raw journal, too. */
  draining?: boolean
  /** None once it is undone. */
  transaction?: RunningTransaction<() => void> | undefined
  /** Its operations are among the last words. */
  said?: boolean
}

/** So many tabs are remembered in any case. */
const MARKS = 50

/** Events of one transaction: more would hold the main thread for longer than a frame. */
const BURST = 100

/**
 * Writes each event and the state it completes in one transaction. Events that are handed over while a transaction
 * is still reading share it.
 */
export function createStamper(options: StamperOptions): Stamper {
  const {
    store,
    lastWords,
    tab,
    now,
    uptime,
    mint,
    delay,
    assumedConsent,
    boots = new Map(),
    onError,
    onStored,
    onHindered,
  } = options
  const running = new Set<Run>()
  const unsettled = new Set<Promise<TrackResult>>()
  const waiting: Waiting[] = []
  let reading: Run | undefined
  let stream: StreamState | undefined
  let refused = 0
  let clocks: ClockCheck | undefined
  let left = false
  /** See `isParting`. */
  let parting = false
  /** Nothing lies in the raw journal that would have to be stamped before what this page tracks. */
  let drained = true
  /** Last words can't be written. */
  let mute = false
  let leaves = 0
  let runs = 0
  let marked = 0

  /** `work` resolves to what there is to do once it is committed. */
  async function follow(run: Run, work: (transaction: Transaction) => Promise<() => void>): Promise<void> {
    running.add(run)
    const transaction = store.transact(work)
    run.transaction = transaction
    try {
      const committed = await transaction.done
      committed()
    } catch (error) {
      if (run.transaction !== transaction) return // Undone.
      if (reading === run) {
        reading = undefined
        run.taken.push(...waiting.splice(0))
      }
      // The last words outlive the page, but not for sure a kill of the browser.
      if (run.said) resolveAll(run.taken, [], 'memory')
      else onHindered(run.taken, { error })
    }
    running.delete(run)
  }

  function write(): void {
    if (left) writeRaw()
    // One that failed has drained nothing, and the next must not raise this tab's mark over what still lies there.
    else if (waiting.length > 0 && !reading) stampWaiting(!drained)
  }

  function stampWaiting(draining: boolean): void {
    const run: Run = { number: ++runs, taken: [], draining }
    const era = leaves
    reading = run
    const work = async ({ get, getAll, put, remove, commit }: Transaction) => {
      const [stored, cuts, raw, marks] = await Promise.all([
        get(STATE),
        get(CUTS),
        draining ? getAll(rawRange) : [],
        draining ? getAll(markRange) : [],
      ])
      // Not sooner: what lies in the store may have been left after other last words.
      const words = draining ? lastWords.read() : []
      const at = now()
      const before = readState(stored, at)
      // A transaction that failed runs again, and has taken some already.
      waiting.unshift(...run.taken.splice(0))
      // Of what a newer release has stored, too: its name is part of the stable format.
      const { consent = assumedConsent(), wishedAt } = Object(stored) as BufferState
      run.taken = waiting.splice(0, consent === 'granted' ? BURST : Number.POSITIVE_INFINITY)
      const forgetWords = () => lastWords.remove(words.map(([id]) => id))
      const owedAt = consent === 'granted' ? options.owes?.(wishedAt) : undefined
      if (owedAt !== undefined || consent !== 'granted') {
        if (consent === 'denied') remove(rawRange)
        return () => {
          // What was called meanwhile comes after them.
          if (reading === run) {
            reading = undefined
            run.taken.push(...waiting.splice(0))
          }
          if (consent === 'denied') forgetWords()
          // The page was left meanwhile: they are among the last words, and must not be handed over a second time.
          if (run.said && consent !== 'denied') resolveAll(run.taken, [], 'memory')
          else if (consent !== 'granted') onHindered(run.taken, { consent })
          else {
            const isLater = ({ operation }: Waiting) => operation.at >= Math.min(owedAt as number, at)
            for (const call of run.taken) if (!isLater(call)) call.resolve({ status: 'dropped', reason: 'forgotten' })
            options.onOwed(run.taken.filter(isLater))
          }
        }
      }
      if (reading === run) reading = undefined
      if (isNewer(stored)) {
        // What a newer release has stored this one can't read: leave the stamping to it.
        waiting.unshift(...run.taken.splice(0))
        writeRaw()
        return () => {}
      }
      write()

      const { fresh, stamped } = sift([...raw, ...words.map(toRow)], new Map(marks as [string, Mark][]))
      if (raw.length > 0) remove(rawRange)
      // A mark is of use only while its tab's records can still turn up: not by one reading of the clock alone.
      if (fresh.length + words.length === 0) {
        const latest = marks.map(([, mark]) => Number(Object(mark).at)).sort((a, b) => b - a)
        const oldest = Math.min(at - DAY, latest[MARKS] ?? 0)
        for (const [key, mark] of marks) if (Object(mark).at <= oldest) remove([key, key])
      }
      const finish = () => {
        if (draining && era === leaves) {
          drained = true
          mute = false
          parting = false
        }
        forgetWords()
      }
      // Nothing can come in between: what this page tracks now is the current person's.
      const journals: Journal[] = run.taken.length > 0 ? [...fresh, { operations: toOperations(run) }] : fresh
      clocks = checkClock(clocks, at, uptime())
      const environment = {
        ...options,
        now: at,
        refused,
        isSteady: isSteady(clocks),
        // What other pages have stamped, and what this one has not heard of.
        boots: new Map([...marks.flatMap(toPerson), ...boots]),
      }
      const delivery = readDelivery(cuts)
      const { state, lines, outcomes, faults, ...after } = stamp(before, delivery, journals, environment)
      // Nothing was left behind, and nothing is over.
      if (fresh.length + run.taken.length + lines.length === 0) {
        return () => {
          const wasParting = parting
          finish()
          stream = before?.stream
          if (wasParting) options.onWritten?.()
        }
      }
      // Begun again, it comes after what was begun and stamped meanwhile.
      if (run.number <= marked) run.number = ++runs
      const own = MARK + tab
      stamped.set(own, { run: run.number, boot: lastBoot(toOperations(run)) ?? stamped.get(own)?.boot })
      for (const { key, text } of lines) put(key, text)
      for (const [key, { run, boot = '' }] of stamped) {
        const anonymousId = after.boots.get(boot)
        put(key, { run, at, ...(anonymousId && { person: [boot, anonymousId] }) } satisfies Mark)
      }
      put(STATE, state)
      commit()
      return () => {
        marked = run.number
        stream = state.stream
        for (const [boot, anonymousId] of after.boots) boots.set(boot, anonymousId)
        refused -= environment.refused
        resolveAll(run.taken, outcomes.slice(outcomes.length - run.taken.length))
        if (lines.length > 0) onStored(lines.length, state.appended.bytes - delivery.forgotten.bytes)
        finish()
        options.onWritten?.()
        faults.forEach(onError)
      }
    }
    follow(run, work)
  }

  /** Writes what waits as it is. */
  function writeRaw(): void {
    const run = takeWaiting()
    leaveBehind(run)
    say(run)
  }

  function takeWaiting(): Run {
    return { number: ++runs, taken: waiting.splice(0) }
  }

  /** Among the last words, which survive the page in any case. */
  function say(run: Run): void {
    if (!run.taken[0] || !left || denied()) return
    drained = false
    run.id ??= mint()
    // After one that can't be said nothing is: read sooner than the store, it would let the other look stamped.
    run.said = !mute && lastWords.write(run.id, JSON.stringify(toRecord(run)))
    mute = !run.said
  }

  /** In the store, where the record survives the browser as well. */
  function leaveBehind(run: Run): void {
    if (!run.taken[0]) return
    if (denied()) {
      onHindered(run.taken, { consent: 'denied' })
      return
    }
    parting ||= run.taken.some(({ operation }) => operation.kind === 'reset')
    run.id ??= mint()
    const key = RAW + run.id
    let again = false
    const work = async ({ put, commit }: Transaction) => {
      // Begun again, it comes after what was begun and stamped meanwhile.
      if (again && !run.said) run.number = ++runs
      again = true
      put(key, toRecord(run))
      commit()
      return () => resolveAll(run.taken, [])
    }
    follow(run, work)
  }

  function toRecord(run: Run): RawRecord {
    const { streamId, anonymousId = '', userId } = stream ?? {}
    // Who stamps it knows nothing of this page's boots.
    const operations = toOperations(run).map((operation) => ({
      ...operation,
      anonymousId: operation.anonymousId ?? boots.get(operation.boot ?? ''),
    }))
    // After a `reset()` that this page has not heard of yet the first is nobody's.
    const isOf = streamId && operations[0]?.anonymousId === anonymousId
    const identity = isOf ? { streamId, anonymousId, userId } : undefined
    return { tab, run: run.number, identity, operations }
  }

  const denied = () => options.consent?.() === 'denied'

  const resolveAll = (taken: Waiting[], outcomes: Outcome[], status = store.mode) =>
    taken.forEach(({ resolve }, index) => {
      const { seq, spanId, reason } = outcomes[index] ?? {}
      resolve(reason ? { status: 'dropped', reason } : { status, seq, ...(spanId && { spanId }) })
    })

  /** @param staying maybe: what others have under way goes on */
  function leave(staying = false): void {
    leaves++
    left = true
    reading = undefined
    const interrupted = [...running]
    const said = new Set(interrupted.filter(({ said }) => said))
    const rest = takeWaiting()
    // First of all: Firefox stops the script of a tab that is closed, in the middle of its listeners.
    for (const run of [...interrupted, rest]) if (!said.has(run)) say(run)
    for (const run of running) if (run.transaction?.abort()) run.transaction = undefined
    // In WebKit a transaction that reads never ends in the back/forward cache, and keeps the store from every other page.
    if (!staying) store.abortAll()
    // What can't be undone is committing, which WebKit may not let it finish: it is among the last words.
    const passed = Math.max(marked, ...interrupted.map(({ transaction, number }) => (transaction ? number : 0)))
    for (const run of interrupted) {
      if (run.transaction) continue
      running.delete(run)
      // One that has failed and was not begun again yet may have been overtaken.
      if (!said.has(run) && run.number <= passed) {
        lastWords.remove([run.id as string])
        run.number = ++runs
        say(run)
      }
      leaveBehind(run)
    }
    leaveBehind(rest)
  }

  function resume(): void {
    left = false
    drained = false
    drain()
  }

  function drain(): void {
    if (!left && !reading?.draining) stampWaiting(true)
  }

  return {
    submit(operation) {
      const promise = new Promise<TrackResult>((resolve) => {
        if (typeof operation === 'string') {
          refused++
          resolve({ status: 'dropped', reason: operation })
        } else {
          waiting.push({ operation, resolve })
          if (left) write()
          // Not `queueMicrotask`, a call into the browser for which the app’s script would wait.
          else Promise.resolve().then(write)
        }
      })
      unsettled.add(promise)
      promise.then(() => unsettled.delete(promise))
      return promise
    },
    leave: () => leave(),
    async maybeLeave() {
      if (left) return
      leave(true)
      const own = leaves
      await delay(0)
      if (own !== leaves) return
      left = false
      // Not where the page never ran: without consent not even a look at the store is wanted.
      if (!drained) stampWaiting(true)
    },
    resume,
    drain,
    async settled() {
      await Promise.all(unsettled)
    },
    refused: () => refused,
    stream: () => (parting ? undefined : stream),
    isParting: () => parting,
    know(written) {
      stream = written
    },
  }
}

const toPerson = ([, mark]: [unknown, unknown]): [boot: string, anonymousId: string][] => {
  const { person } = Object(mark) as Mark
  return Array.isArray(person) ? [person] : []
}

const toRow = ([id, text]: [id: string, text: string]): Row => [RAW + id, parseObject(text)]

const toOperations = ({ taken }: Run): Operation[] => taken.map(({ operation }) => operation)
