import type { BatchHeader, Json, JsonObject, StreamId } from '@waybill/protocol'
import type { ConsentDecision } from './consent.ts'
import type { About } from './fold.ts'
import type { Spans } from './spans.ts'
import type { Key, KeyRange } from './store.ts'

/*
 * Everything that the buffer stores, by key:
 *
 *   'state'        BufferState   what has accumulated; written with every event, in the event's transaction
 *   'cuts'         Delivery      what has been cut and how its delivery stands; written by the flushing tab
 *   'mark:<tab>'   Mark          the last run of this tab that was stamped; a raw record up to it is stamped already
 *   'raw:<uuid>'   RawRecord     the raw journal: what is not stamped yet
 *   [number, seq]  string        the line of one event, or a tombstone: the very JSON text that will be sent
 *
 * The raw journal's other half are the last words of pages that were left (`core/last-words.ts`).
 */

/** Says what is stored. An SDK that meets a higher number writes to the raw journal only. */
const FORMAT = 1

/** Whether a newer release has stored what this one can't read. */
export const isNewer = (state: unknown): boolean => Number((state as BufferState | undefined)?.format) > FORMAT

export const STATE = 'state'
export const CUTS = 'cuts'
export const RAW = 'raw:'
export const MARK = 'mark:'

export const rawRange: KeyRange = [RAW, `${RAW}~`]
export const markRange: KeyRange = [MARK, `${MARK}~`]

const LAST = Number.MAX_SAFE_INTEGER

/** Every line of every stream, in the order of delivery. */
export const lineRange: KeyRange = [
  [0, 0],
  [LAST, LAST],
]

export interface BufferState {
  format: number
  /** When the store was new, ms since 1970: who an earlier store knew, before the site's data was cleared, is unknown here. */
  since?: number
  /** What the visitor decided; absent where nobody asked. */
  consent?: ConsentDecision
  /** When the buffer was last emptied on request, ms since 1970: what happened before, and who it was, is not stamped. */
  forgottenAt?: number
  /** The last wish of the visitor's that was done, see `core/wish.ts`. */
  wishedAt?: number | undefined
  /** The highest stream number given out. */
  streams: number
  /** The current stream; absent before the first event. */
  stream?: StreamState
  /** Lines and bytes ever put into the buffer. With `Delivery.forgotten` this gives what is waiting. */
  appended: Quantity
  /** Events refused before they got a seq. */
  dropped: number
  /** Whether an event of low priority was ever stored; if not, shedding need not look for one. */
  low?: boolean
}

/** What of one tab is stamped. */
export interface Mark {
  run: number
  /** When it was, ms since 1970. */
  at: number
  /**
   * For whom the tab's calls of its last boot that did not say whose they are were stamped: calls of one boot are one
   * person's. The second is empty once that person was forgotten.
   */
  person?: [boot: string, anonymousId: string]
}

/** One stream: one person in one browser profile, with all that has accumulated. */
export interface StreamState {
  /** Orders the streams of this buffer; part of the lines' keys. */
  number: number
  streamId: StreamId
  /** The last seq that was given out; 0 before the first. */
  seq: number
  /** The UTF-8 bytes of its lines, and how many calls were refused meanwhile: no other person's ride on an event. */
  bytes?: number
  dropped?: number
  /** When the last event happened that tells of somebody or begins a session, ms since 1970; 0 before the first. */
  latestAt: number
  anonymousId: string
  userId?: string
  /** When the `reset()` was called that began it, ms since 1970. Absent where none did. */
  partedAt?: number
  /**
   * What rides on every event in `state`: each accumulator's value by its name, those of accumulators unknown to this
   * release too, and `registered`, the properties that `register` set.
   */
  values: { registered: JsonObject; [name: string]: Json }
  /** What is known of these values, by name; it does not travel. */
  about?: { [name: string]: About }
  /** The open spans; they do not travel. */
  spans?: Spans
  /** Of a stream in memory: the ids of those that it took over from a store that fails. */
  borrowed?: string[]
  /** The id of the last session that was told to have ended. */
  endedSession?: string
}

/** Lines of the buffer and their UTF-8 bytes. */
interface Quantity {
  lines: number
  bytes: number
}

export interface Delivery {
  /** Raised by each tab that takes over flushing; a decision made under an older one does not count. */
  epoch: number
  /** The batches that were cut and are not yet recorded, oldest first. */
  list: Cut[]
  forgotten: Quantity
  /** Events that the collector said are recorded. */
  recorded: number
  /** Events that the collector rejected by name. */
  rejected: number
  /** Events that gave way to a cap; their tombstones are lines. */
  shed: number
  /** The same two of the stream that had any last. */
  latest?: { number: number; rejected: number; shed: number }
  /** Since when the oldest line has been over its age, ms since 1970: a single reading of a clock proves nothing. */
  overdueSince?: number
  /** The tab that presents the head, and until when at most. Where there are no Web Locks this is the lease. */
  presenting?: { tab: string; since: number; until: number }
  /** How often in a row nobody took the head; a wait that the collector asked for is no failure. */
  failures: number
  /** When the head may be presented again. */
  wait?: Wait
  /** What last went wrong; gone after the next batch that is recorded. */
  lastError?: DeliveryError
}

/** A batch: cut once, then presented until it is recorded. All but `number` goes into its header. */
export interface Cut
  extends Pick<BatchHeader, 'batchId' | 'streamId' | 'first' | 'last' | 'cutAt' | 'attempt' | 'receipt'> {
  /** The stream's number. */
  number: number
}

export interface Wait {
  /** Both in ms since 1970. `since` shows when the clock has jumped back. */
  since: number
  until: number
  /** A server's wait holds for everyone; our own backoff gives way to an explicit `flush()` and to `online`. */
  byServer: boolean
}

export interface DeliveryError {
  /** A problem's code, `outage`, or an HTTP status. */
  code: string
  detail: string
  /** RFC 3339 */
  at: string
  /** True: a Waybill collector refused the batch itself, and goes on refusing it until somebody mends the cause. */
  refused?: boolean
}

export const emptyDelivery: Delivery = {
  epoch: 0,
  list: [],
  forgotten: { lines: 0, bytes: 0 },
  recorded: 0,
  rejected: 0,
  shed: 0,
  failures: 0,
}

/** @param now ms since 1970: numbers the first stream, so that lines that outlived a lost state keep their own keys */
export const emptyState = (now: number): BufferState => ({
  format: FORMAT,
  since: now,
  streams: now,
  appended: { lines: 0, bytes: 0 },
  dropped: 0,
})

/** The stored state, an older one made whole; undefined where there is none or it is damaged. */
export function readState(stored: unknown, now: number): BufferState | undefined {
  const state = Object(stored) as BufferState
  const { stream, streams } = state
  const whole = !stream || (isCount(stream.number) && isCount(stream.seq) && Object(stream.values).registered)
  return state.format && isCount(streams) && whole
    ? { ...emptyState(now), since: 0, ...state, format: FORMAT }
    : undefined
}

/** The stored record, an older one made whole; a new one where there is none or it is damaged. */
export function readDelivery(stored: unknown): Delivery {
  const delivery = Object(stored) as Delivery
  const whole =
    isCount(delivery.epoch) && Array.isArray(delivery.list) && delivery.list.every((cut) => isCount(Object(cut).last))
  return whole ? { ...emptyDelivery, ...delivery } : emptyDelivery
}

/** The key of the line that was stored last; of every line where streams were adopted as they are, with numbers of their own. */
export const lastLine = ({ stream, streams }: Partial<BufferState> = {}): Key =>
  stream && stream.number === streams ? [streams, stream.seq] : lineRange[1]

const isCount = (value: unknown): value is number => Number.isSafeInteger(value)
