import { adopt, type Contents, type Memory } from '../core/adopt.ts'
import type { ConsentDecision } from '../core/consent.ts'
import { describe } from '../core/describe.ts'
import { type RawRecord, takeSince } from '../core/operation.ts'
import { parseObject } from '../core/parse-object.ts'
import {
  type BufferState,
  CUTS,
  emptyDelivery,
  emptyState,
  isNewer,
  lineRange,
  type Mark,
  markRange,
  rawRange,
  readDelivery,
  readState,
  STATE,
} from '../core/records.ts'
import { stamp } from '../core/stamp.ts'
import type { Holdings } from '../core/stats.ts'
import type { Key, Store } from '../core/store.ts'
import { isOutdated } from '../core/wish.ts'
import { createFlusher, type FlusherOptions } from './flushing.ts'
import { createSchedule, type Schedule, type ScheduleOptions } from './scheduling.ts'
import { MAX_BYTES, type ShedderOptions, shedSurplus } from './shedding.ts'
import { createStamper, type Stamper, type StamperOptions } from './stamping.ts'

/** The world outside, as a buffer sees it. */
export interface BufferOptions
  extends FlusherOptions,
    Omit<ScheduleOptions, 'flush'>,
    Omit<StamperOptions, 'onStored'>,
    ShedderOptions {
  /** Called after each commit that added lines. */
  onStored: (lines: number) => void
}

export interface Buffer
  extends Pick<Stamper, 'submit' | 'drain' | 'settled' | 'stream' | 'isParting' | 'know' | 'refused'>,
    Pick<Schedule, 'flushNow'> {
  readonly mode: Store['mode']
  /** What is stored at this moment; of the lines, those that were there at an earlier one. Default: all. */
  read: (earlier?: Earlier) => Promise<Holdings>
  /** The same with all lines, to be adopted by another buffer. */
  contents: () => Promise<Contents>
  /**
   * Takes over what another buffer held.
   *
   * @param ended ids of the spans of this one that a `reset()` has ended there; undefined: it has begun nobody else
   * @returns whether it did; else it was emptied on request since
   */
  adopt: (contents: Memory, ended?: readonly string[]) => Promise<boolean>
  /** Writes down that the visitor has consented at this time. */
  permit: (at: number) => Promise<void>
  /**
   * Empties the store and ends the stream; a decision is written down.
   *
   * @param at of the wish
   * @param since what was left behind after this stays; default `at`
   */
  forget: (at: number, decision?: ConsentDecision, since?: number) => Promise<void>
  /** Takes away what is not stamped yet. Never rejects. */
  sweep: () => Promise<void>
  /** The page is going, for good or into the back/forward cache, or is about to stand still. */
  leave: () => void
  /** The page may be going: nothing of what was tracked hangs on that. */
  maybeLeave: () => void
  /** The page runs. With `online` the device is connected again: our own backoff is over. */
  run: (online?: boolean) => void
  /** Sends nothing until `run`. */
  halt: () => void
}

/** An earlier moment of a store: which line was its last, and what had been appended to it. */
export interface Earlier extends Partial<Pick<BufferState, 'appended'>> {
  last: Key
}

/** One store with all that works on it: stamping on one side, flushing on the other. */
export function createBuffer(options: BufferOptions): Buffer {
  const { store, lastWords, now, maxBytes = MAX_BYTES, deferredCopy, onError } = options
  const flusher = createFlusher(options)
  /** The page was left, or nothing may be sent: nothing is begun until `run`. */
  let away = false
  /** Takes away what was said before. */
  const keepWords = (since: number) => {
    for (const [id, text] of lastWords.read()) {
      const rest = takeSince(since, parseObject(text))
      if (rest) lastWords.write(id, JSON.stringify(rest))
      else lastWords.remove([id])
    }
  }
  const makeRoom = () => {
    if (away) return
    shedSurplus(options).catch((error) => {
      if (!away) onError({ code: 'storage', detail: describe(error) })
    })
  }
  const schedule = createSchedule({
    ...options,
    async flush(force) {
      if (away) return undefined
      stamper.drain() // Its transaction comes first, so what other pages left behind goes with this flush.
      return flusher.flush(force)
    },
  })
  const stamper = createStamper({
    ...options,
    onStored(lines, bytes) {
      if (bytes > maxBytes) makeRoom()
      schedule.stored(lines)
      options.onStored(lines)
    },
  })

  return {
    ...stamper,
    mode: store.mode,
    flushNow: schedule.flushNow,
    read: (earlier) =>
      store.transact(async ({ get, getAll }) => {
        const [stored, cuts, [oldest]] = await Promise.all([
          get(STATE),
          get(CUTS),
          getAll([lineRange[0], earlier?.last ?? lineRange[1]], 1),
        ])
        // What waits for a newer release to stamp it is not recorded either.
        const raw = isNewer(stored) ? await getAll(rawRange) : []
        const state = readState(stored, now())
        const delivery = readDelivery(cuts)
        // By the books: to count them, a store looks at each. Damaged books may tell of none where there is one.
        const waiting = Number((earlier ?? state)?.appended?.lines) - delivery.forgotten.lines
        const lines = oldest ? (waiting > 0 ? waiting : 1) : 0
        return {
          state,
          delivery,
          oldest: oldest?.[1] as string | undefined,
          pending: raw.reduce((sum, [, record]) => sum + countEvents(record), lines),
        }
      }).done,
    contents: () =>
      store.transact(async ({ get, getAll }) => {
        const [state, cuts, rows] = await Promise.all([get(STATE), get(CUTS), getAll(lineRange)])
        return { state: readState(state, now()), delivery: readDelivery(cuts), rows }
      }).done,
    async adopt(contents, ended) {
      const [written, isAdopted] = await store.transact(async ({ get, put }) => {
        const [stored, cuts] = await Promise.all([get(STATE), get(CUTS)])
        if (isNewer(stored)) throw new Error('newer format')
        // It would go with what was there before.
        if (options.owes?.(Object(stored).wishedAt) !== undefined) throw new Error('owed')
        const at = now()
        const [before, delivery] = [readState(stored, at), readDelivery(cuts)]
        // What else the person before has open ends with them.
        const left = ended && before && takeLeave(before, ended)
        const farewell =
          left && stamp(left, delivery, [{ operations: [{ kind: 'reset', at }] }], { ...options, now: at, refused: 0 })
        const adopted = adopt({ state: farewell?.state ?? before, delivery }, contents, !!ended, at)
        if (adopted) {
          for (const { key, text } of farewell?.lines ?? []) put(key, text)
          for (const [key, text] of adopted.rows) put(key, text)
          put(STATE, adopted.state)
          put(CUTS, adopted.delivery)
        }
        return [(adopted?.state ?? before)?.stream, !!adopted] as const
      }).done
      stamper.know(written)
      options.onWritten?.()
      return isAdopted
    },
    permit: (at) =>
      store.transact(async ({ get, put }) => {
        const [stored, cuts] = await Promise.all([get(STATE), get(CUTS)])
        if (isNewer(stored)) throw new Error('newer format')
        const state = readState(stored, now()) ?? { ...emptyState(now()), appended: readDelivery(cuts).forgotten }
        if (isOutdated(at, state.wishedAt ?? 0, now())) return
        put(STATE, { ...state, consent: 'granted', wishedAt: at } satisfies BufferState)
      }).done,
    async forget(wishedAt, decision, wishedSince = wishedAt) {
      deferredCopy.disarm()
      // When it was wished for, not when it could be done: what came after stays, unless nothing may.
      const forgottenAt = Math.min(wishedSince, now())
      const since = decision === 'denied' ? Number.POSITIVE_INFINITY : forgottenAt
      keepWords(since)
      const emptied = store.transact(
        async ({ get, getAll, put, remove }) => {
          const [stored, cuts, raw, marks] = await Promise.all([
            get(STATE),
            get(CUTS),
            getAll(rawRange),
            getAll(markRange),
          ])
          const at = now()
          const before = readState(stored, at) ?? emptyState(at)
          if (isOutdated(wishedAt, before.wishedAt ?? 0, at)) return
          // Once is enough, and what came since stays. After a denial nothing may have come.
          if (wishedAt === before.wishedAt && before.consent !== 'denied') return
          put(STATE, {
            ...emptyState(at),
            consent: decision ?? before.consent,
            forgottenAt,
            wishedAt,
          } satisfies BufferState)
          put(CUTS, { ...emptyDelivery, epoch: readDelivery(cuts).epoch + 1 })
          for (const range of [lineRange, rawRange]) remove(range)
          // What comes after may be found twice, as ever; whose what was before is not.
          if (decision === 'denied') remove(markRange)
          else for (const [key, mark] of marks) put(key, forgetPerson(Object(mark)))
          for (const [key, record] of raw) {
            const rest = takeSince(since, record)
            if (rest) put(key, rest)
          }
        },
        { durability: 'strict' },
      )
      // Even where the store fails, memory must not go on with that person.
      await emptied.done.finally(() => {
        stamper.know(undefined)
        options.onWritten?.()
      })
      keepWords(since)
    },
    async sweep() {
      keepWords(Number.POSITIVE_INFINITY)
      await store.transact(async ({ remove }) => remove(rawRange)).done.catch(() => {})
    },
    leave() {
      away = true
      flusher.release()
      // In memory there is nothing to gain from haste.
      if (store.mode === 'durable') stamper.leave()
    },
    maybeLeave() {
      if (store.mode === 'durable') stamper.maybeLeave()
    },
    run(online) {
      away = false
      flusher.resume()
      stamper.resume()
      schedule.flushNow(online).then(makeRoom)
    },
    halt() {
      away = true
      deferredCopy.disarm()
      flusher.halt()
    },
  }
}

/** The state without these spans, if it has a stream. */
function takeLeave({ stream, ...state }: BufferState, ended: readonly string[]): BufferState | undefined {
  const spans = Object.entries(stream?.spans ?? {}).filter(([id]) => !ended.includes(id))
  return stream && { ...state, stream: { ...stream, spans: Object.fromEntries(spans) } }
}

/** Known is only that the boot was somebody's: what comes of it is parted from that. */
const forgetPerson = ({ person, ...mark }: Mark): Mark => ({ ...mark, ...(person && { person: [person[0], ''] }) })

const countEvents = (raw: unknown): number =>
  ((raw as RawRecord).operations ?? []).filter(({ kind }) => kind === 'event').length
