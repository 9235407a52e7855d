import type { BatchId, Limits, Rejection } from '@waybill/protocol'
import { composeBatch } from '../core/batch.ts'
import type { Consent } from '../core/consent.ts'
import { cutNext, toLines } from '../core/cut.ts'
import { type Answer, type Decision, decide } from '../core/decide.ts'
import { isCurrent, isLeased, remainingWait, settle } from '../core/delivery.ts'
import { describe } from '../core/describe.ts'
import type { Row } from '../core/line.ts'
import type { Lock } from '../core/lock.ts'
import {
  CUTS,
  type Cut,
  type DeliveryError,
  isNewer,
  lastLine,
  lineRange,
  readDelivery,
  readState,
  STATE,
} from '../core/records.ts'
import { type DeferredCopy, HALTED, type Send } from '../core/send.ts'
import type { Key, KeyRange, Store } from '../core/store.ts'

export interface FlusherOptions {
  store: Store
  lock: Lock
  /** This tab's id, new for each document. */
  tab: string
  now: () => number
  /** From 0 to 1. */
  random: () => number
  sdk: string
  limits: Limits
  delay: (ms: number) => Promise<void>
  send: Send
  /** Has the site's backend mint what vouches for this page. */
  token?: () => string | Promise<string>
  /** What the browser sends by itself once the page is gone. */
  deferredCopy: DeferredCopy
  /** What holds where the store knows no decision. */
  assumedConsent: () => Consent
  onRecorded: (batch: RecordedBatch) => void
  onError: (error: Pick<DeliveryError, 'code' | 'detail'>) => void
}

interface RecordedBatch {
  batchId: BatchId
  recorded: number
  rejected: Rejection[]
}

export interface Flusher {
  /**
   * Presents batch after batch until none is left or one must wait. Never rejects.
   *
   * @param force do not wait out our own backoff; what a server asked for is waited out all the same
   * @returns the ms after which to flush again; undefined when nothing is left
   */
  flush: (force?: boolean) => Promise<number | undefined>
  /** Stops, and lets the lock go: the page will not run for a while. Until `resume` no flush begins. */
  release: () => void
  /** The same, and ends the request under way: it must not be sent any more. */
  halt: () => void
  resume: () => void
}

/**
 * When to look again while another tab flushes: it may look for the last time before our newest event comes. In ms, and
 * up to five times as long by chance, so that tabs without a lock get out of each other's way.
 */
const BUSY_WAIT = 1_000

/** When to look again whether a store that fails works again. In ms. */
const STORAGE_WAIT = 30_000

/** For how long a presentation shuts out the other tabs where there are no Web Locks: as long as a request may take. */
const LEASE = 40_000

/** How long the app may take for a token, in ms: with the request it stays within a lease. */
const TOKEN_TIMEOUT = 10_000

/** A batch that is cut, persisted and due. */
interface Head {
  epoch: number
  /** The key of the last line that was there when the flush began. */
  end: Key
  cut: Cut
  rows: Row[]
  failures: number
}

export function createFlusher(options: FlusherOptions): Flusher {
  const { store, lock, tab, now, delay, random, sdk, limits, send, deferredCopy, assumedConsent, onRecorded, onError } =
    options
  let stop = new AbortController()
  /** The app's last, until the collector asks for another: it knows what the time is. */
  let token: string | undefined
  const busy = () => BUSY_WAIT * (1 + 4 * random())

  /**
   * The batch to present next: the head of the list or a new cut, on the disk before any byte of it is sent. What has come
   * since the flush began waits for the next one, or a page that goes on tracking would present batch after tiny batch.
   *
   * @param before the one that was presented in this flush
   */
  const takeHead = (signal: AbortSignal, before: Head | undefined, force: boolean, leased: boolean) =>
    store.transact<Head | number | undefined>(
      async ({ get, getAll, put }) => {
        const [stored, cuts] = await Promise.all([get(STATE), get(CUTS)])
        const at = now()
        const state = readState(stored, at)
        const consent = state?.consent ?? assumedConsent()
        if (signal.aborted || isNewer(stored) || consent !== 'granted') return undefined
        const delivery = readDelivery(cuts)
        if (before && before.epoch !== delivery.epoch) return busy()

        const [first, ...rest] = delivery.list
        const wait = first ? remainingWait(delivery.wait, at, force) : 0
        if (wait > 0) return wait
        if (leased && isLeased(delivery, tab, at)) return busy()
        const end = before?.end ?? lastLine(state)
        const next = first
          ? { cut: first, rows: await getAll(rangeOf(first)) }
          : cutNext(await getAll([lineRange[0], end], limits.batchEvents), at, limits)
        // What is damaged was there before: nobody can present it.
        if (!next) return before && (await getAll(lineRange, 1))[0] ? busy() : undefined
        const head = {
          epoch: before?.epoch ?? delivery.epoch + 1,
          end,
          cut: { ...next.cut, attempt: next.cut.attempt + 1 },
          rows: next.rows,
          failures: delivery.failures,
        }
        const presenting = { tab, since: at, until: at + LEASE }
        put(CUTS, { ...delivery, epoch: head.epoch, list: [head.cut, ...rest], presenting })
        return head
      },
      { durability: 'strict' },
    ).done

  /** Acts on a decision and says whether it still counted: another tab may have taken over since. */
  const act = ({ epoch, cut, rows }: Head, decision: Decision) =>
    store.transact(async ({ get, put, remove }) => {
      const delivery = readDelivery(await get(CUTS))
      if (!isCurrent(delivery, epoch, cut)) return false
      put(CUTS, settle(delivery, decision, { rows, now: now() }))
      if (decision.kind === 'recorded') remove(rangeOf(cut))
      return true
    }).done

  /** Rejects when there is none: an outage like any other. */
  async function findToken(): Promise<void> {
    if (options.token)
      token ??= await Promise.race([
        options.token(),
        delay(TOKEN_TIMEOUT).then(() => Promise.reject(new Error('timeout'))),
      ])
  }

  async function flushAll(signal: AbortSignal, force: boolean, leased: boolean): Promise<number | undefined> {
    let before: Head | undefined
    for (;;) {
      const head = await takeHead(signal, before, force, leased)
      if (typeof head !== 'object') return head
      deferredCopy.disarm()
      before = head
      const { cut, rows, failures } = head
      const lines = toLines(cut, rows)
      const compose = (copy?: true) => composeBatch(cut, lines, sdk, now(), token, copy)
      const former = token
      const answer = await findToken().then(
        () => send(compose(), signal),
        (error): Answer => ({ status: 0, failure: `token: ${describe(error)}` }),
      )
      // A request that we ended ourselves says nothing about the network.
      if (signal.aborted && answer.failure) return busy()

      const decision = decide(answer, { ...cut, failures, lines: rows.length, now: now(), random: random() })
      if (answer.status === 401) {
        token = undefined
        // It has expired, as tokens do: nobody needs to hear of it. What a new one gets for an answer counts.
        if (former) continue
      }
      if (!(await act(head, decision))) return busy()
      if (decision.kind === 'recorded') onRecorded({ ...decision, batchId: cut.batchId })
      if (decision.kind === 'kept') {
        if (!decision.byServer && !signal.aborted) deferredCopy.arm(compose(true))
        if (decision.error) onError(decision.error)
        return decision.wait
      }
    }
  }

  return {
    async flush(force = false) {
      const { signal } = stop
      if (signal.aborted) return undefined
      const work = (leased: boolean) =>
        flushAll(signal, force, leased).catch((error) => {
          // A page that is left ends its transactions itself; the batch is presented again.
          if (!signal.aborted) onError({ code: 'storage', detail: describe(error) })
          return STORAGE_WAIT
        })
      const outcome = await lock(() => work(false), signal).catch(() => work(true))
      return outcome === null ? busy() : outcome
    },
    release() {
      stop.abort()
    },
    halt() {
      stop.abort(HALTED)
    },
    resume() {
      if (stop.signal.aborted) stop = new AbortController()
    },
  }
}

const rangeOf = ({ number, first, last }: Cut): KeyRange => [
  [number, first],
  [number, last],
]
