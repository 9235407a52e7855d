import type { BatchId, Limits, Rejection } from '@waybill/protocol'
import { composeBatch } from '../core/batch.ts'
import { cutNext, type Row } from '../core/cut.ts'
import { type Decision, decide } from '../core/decide.ts'
import { isCurrent, readDelivery, remainingWait, settle } from '../core/delivery.ts'
import type { Lock } from '../core/lock.ts'
import { CUTS, type Cut, type DeliveryError, isNewer, lineRange, STATE } from '../core/records.ts'
import type { Send } from '../core/send.ts'
import type { KeyRange, Store } from '../core/store.ts'

export interface FlusherOptions {
  store: Store
  lock: Lock
  now: () => number
  /** From 0 to 1. */
  random: () => number
  sdk: string
  limits: Limits
  send: Send
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
  resume: () => void
}

/**
 * When to look again while another tab flushes: it may look for the last time before our newest event comes. In ms, and
 * up to five times as long by chance, so that tabs without a lock get out of each other's way.
 */
const BUSY_WAIT = 1_000

/** A batch that is cut, persisted and due. */
interface Head {
  epoch: number
  cut: Cut
  rows: Row[]
}

export function createFlusher(options: FlusherOptions): Flusher {
  const { store, lock, now, random, sdk, limits, send, onRecorded, onError } = options
  let stop = new AbortController()
  const busy = () => BUSY_WAIT * (1 + 4 * random())

  /** The batch to present next: the head of the list or a new cut, on the disk before any byte of it is sent. */
  const takeHead = (signal: AbortSignal, epoch: number | undefined, force: boolean) =>
    store.transact<Head | number | undefined>(
      async ({ get, getAll, put }) => {
        const [state, stored] = await Promise.all([get(STATE), get(CUTS)])
        if (signal.aborted || isNewer(state)) return undefined
        const delivery = readDelivery(stored)
        const at = now()
        if (epoch !== undefined && epoch !== delivery.epoch) return busy()

        const [first, ...rest] = delivery.list
        const wait = first ? remainingWait(delivery.wait, at, force) : 0
        if (wait > 0) return wait
        const next = first
          ? { cut: first, rows: await getAll(rangeOf(first)) }
          : cutNext(await getAll(lineRange, limits.batchEvents), at, limits)
        if (!next) return undefined
        const head = {
          epoch: epoch ?? delivery.epoch + 1,
          cut: { ...next.cut, attempt: next.cut.attempt + 1 },
          rows: next.rows,
        }
        put(CUTS, { ...delivery, epoch: head.epoch, list: [head.cut, ...rest] })
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

  async function flushAll(signal: AbortSignal, force: boolean): Promise<number | undefined> {
    let epoch: number | undefined
    for (;;) {
      const head = await takeHead(signal, epoch, force)
      if (typeof head !== 'object') return head
      epoch = head.epoch
      const { cut, rows } = head
      const lines = rows.map(([, text]) => text as string)
      const answer = await send(composeBatch(cut, lines, sdk, now()), signal)
      // A request that we ended ourselves says nothing about the network.
      if (signal.aborted && answer.failure) return busy()

      const decision = decide(answer, { ...cut, lines: rows.length, now: now(), random: random() })
      if (!(await act(head, decision))) return busy()
      if (decision.kind === 'recorded') onRecorded({ ...decision, batchId: cut.batchId })
      if (decision.kind === 'kept') {
        if (decision.error) onError(decision.error)
        return decision.wait
      }
    }
  }

  return {
    async flush(force = false) {
      const { signal } = stop
      if (signal.aborted) return undefined
      const work = () =>
        flushAll(signal, force).catch((error) => {
          onError({ code: 'storage', detail: String(error) })
          return busy()
        })
      const outcome = await lock(work, signal).catch(work)
      return outcome === null ? busy() : outcome
    },
    release() {
      stop.abort()
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
