import { parseObject } from './parse-object.ts'
import type { BufferState, Delivery, DeliveryError } from './records.ts'
import type { Store } from './store.ts'
import { timestamp } from './timestamp.ts'

/** What the buffer and its delivery look like right now, over all tabs. */
export interface BufferStats {
  /** Where events are kept: `memory` when IndexedDB could not be had. */
  storage: Store['mode']
  /** The current stream; undefined before the first event. */
  streamId?: string
  /** The last seq given out in it. */
  seq: number
  /** The state that rode on the last event. */
  state: BufferState['stream']['values']
  /** Events waiting to be recorded, and their UTF-8 bytes. */
  pending: number
  bytes: number
  /** When the oldest of them happened, RFC 3339. */
  oldestAt?: string
  /** Batches that are cut and not recorded. */
  cuts: number
  /** Events that the collector said are recorded, and those it rejected by name, since the buffer exists. */
  recorded: number
  rejected: number
  /** Events refused before they got a seq, since the buffer exists. */
  dropped: number
  /** When the next batch may be presented, RFC 3339; absent when nothing holds it back. */
  retryAt?: string
  lastError?: DeliveryError
}

/** @param now ms since 1970 */
export function toStats(
  storage: Store['mode'],
  now: number,
  { state, delivery, oldest }: { state?: BufferState; delivery: Delivery; oldest?: string },
): BufferStats {
  const { list, forgotten, recorded, rejected, wait, lastError } = delivery
  const { stream, appended = forgotten, dropped = 0 } = state ?? {}
  return {
    storage,
    streamId: stream?.streamId,
    seq: stream?.seq ?? 0,
    state: stream?.values ?? { registered: {} },
    pending: appended.lines - forgotten.lines,
    bytes: appended.bytes - forgotten.bytes,
    oldestAt: parseObject(oldest).timestamp as string | undefined,
    cuts: list.length,
    recorded,
    rejected,
    dropped,
    retryAt: wait && wait.until > now ? timestamp(wait.until) : undefined,
    lastError,
  }
}
