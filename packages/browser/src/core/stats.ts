import type { Consent } from './consent.ts'
import { remainingWait } from './delivery.ts'
import { parseObject } from './parse-object.ts'
import { type BufferState, type Delivery, type DeliveryError, emptyState } from './records.ts'
import type { Store } from './store.ts'
import { timestamp } from './timestamp.ts'

/** What the buffer and its delivery look like right now, over all tabs. */
export interface BufferStats {
  /** Where new events are kept: `memory` while IndexedDB can't be had. */
  storage: Store['mode']
  consent: Consent
  /** The current stream; undefined before the first event. */
  streamId?: string
  /** The last seq given out in it. */
  seq: number
  /** The state that rode on the last event. */
  state: NonNullable<BufferState['stream']>['values']
  /**
   * Events waiting to be recorded, tombstones, and what waits for consent; and their UTF-8 bytes, but for the latter. By the
   * buffer's books, which may be off where one of its records was damaged.
   */
  pending: number
  bytes: number
  /** When the oldest of them happened, RFC 3339. */
  oldestAt?: string
  /** Batches that are cut and not recorded. */
  cuts: number
  /** How often the first of them was presented. */
  attempts: number
  /** Events that the collector said are recorded, and those it rejected by name, since the buffer exists. */
  recorded: number
  rejected: number
  /** Events that gave way to a cap, since the buffer exists. */
  shed: number
  /** Calls refused before they got a seq, since the buffer exists; of those no event was stored after, only this page's. */
  dropped: number
  /** Who presents a batch at this moment: this tab, or another one. */
  flushing?: 'here' | 'elsewhere'
  /** When the next batch may be presented, RFC 3339; absent when nothing holds it back. */
  retryAt?: string
  lastError?: DeliveryError
  /** The collector itself refuses the first batch, for `lastError`: nothing moves before somebody mends that. */
  stuck: boolean
}

/** What one store holds. */
export interface Holdings {
  state?: BufferState
  delivery: Delivery
  /** How many lines by the books, and one at least where there is one. */
  pending: number
  /** The oldest of them. */
  oldest?: string
}

/**
 * @param holdings the store's in which new events are kept, then those of others that still hold some
 * @param refused calls that are not in any holdings' count yet
 * @param tab this one's id
 * @param now ms since 1970
 */
export function toStats(
  holdings: readonly [Holdings, ...Holdings[]],
  {
    storage,
    consent,
    held,
    refused,
    tab,
    now,
  }: { storage: Store['mode']; consent: Consent; held: number; refused: number; tab: string; now: number },
): BufferStats {
  const { stream } = holdings[0].state ?? emptyState(now)
  const sum = (count: (of: Holdings) => number) => holdings.reduce((total, of) => total + count(of), 0)
  const deliveries = holdings.map(({ delivery }) => delivery)
  const presenting = deliveries.find((delivery) => delivery.presenting && delivery.presenting.until > now)?.presenting
  const oldest = holdings.flatMap((of) => (parseObject(of.oldest).timestamp as string | undefined) ?? []).sort()
  const { wait, lastError } = deliveries.find((delivery) => delivery.lastError) ?? deliveries[0] ?? {}
  return {
    storage,
    consent,
    streamId: stream?.streamId,
    seq: stream?.seq ?? 0,
    state: stream?.values ?? { registered: {} },
    pending: held + sum(({ pending }) => pending),
    bytes: sum(({ state, delivery, pending }) =>
      state && pending ? state.appended.bytes - delivery.forgotten.bytes : 0,
    ),
    oldestAt: oldest[0],
    cuts: sum(({ delivery }) => delivery.list.length),
    attempts: Math.max(...deliveries.map(({ list }) => list[0]?.attempt ?? 0)),
    recorded: sum(({ delivery }) => delivery.recorded),
    rejected: sum(({ delivery }) => delivery.rejected),
    shed: sum(({ delivery }) => delivery.shed),
    dropped: refused + sum(({ state }) => state?.dropped ?? 0),
    flushing: presenting && (presenting.tab === tab ? 'here' : 'elsewhere'),
    retryAt: wait && remainingWait(wait, now, false) > 0 ? timestamp(wait.until) : undefined,
    lastError,
    stuck: !!lastError?.refused,
  }
}
