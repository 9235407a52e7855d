import type { BatchHeader, Json, JsonObject, StreamId } from '@waybill/protocol'
import type { KeyRange } from './store.ts'

/*
 * Everything that the buffer stores, by key:
 *
 *   'state'        BufferState   what has accumulated; written with every event, in the event's transaction
 *   'cuts'         Delivery      what has been cut and how its delivery stands; written by the flushing tab
 *   'raw0…'        Journal       the raw journal: what a page that left had not stamped yet; in object stores of its
 *                                own, `raw0` to `raw7`, so that the last writes of a page wait for no other tab
 *   [number, seq]  string        the line of one event: the very JSON text that will be sent
 */

/** Says what is stored. An SDK that meets a higher number writes to the raw journal only. */
export const FORMAT = 1

/** Whether a newer release has stored what this one can't read. */
export const isNewer = (state: unknown): boolean => Number((state as BufferState | undefined)?.format) > FORMAT

export const STATE = 'state'
export const CUTS = 'cuts'

/** Every line of every stream, in the order of delivery. */
export const lineRange: KeyRange = [
  [0, 0],
  [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
]

export interface BufferState {
  format: number
  /** The highest stream number given out. */
  streams: number
  stream: StreamState
  /** Lines and bytes ever put into the buffer. With `Delivery.forgotten` this gives what is waiting. */
  appended: Quantity
  /** Events refused before they got a seq. */
  dropped: number
}

/** One stream: one person in one browser profile, with all that has accumulated. */
export interface StreamState {
  /** Orders the streams of this buffer; part of the lines' keys. */
  number: number
  streamId: StreamId
  /** The last seq that was given out; 0 before the first. */
  seq: number
  /** When the last event happened, ms since 1970. */
  latestAt: number
  anonymousId: string
  userId?: string
  /**
   * What rides on every event in `state`: each accumulator's value by its name, those of accumulators unknown to this
   * release too, and `registered`, the properties that `register` set.
   */
  values: { registered: JsonObject; [name: string]: Json }
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
}

export const emptyDelivery: Delivery = {
  epoch: 0,
  list: [],
  forgotten: { lines: 0, bytes: 0 },
  recorded: 0,
  rejected: 0,
}
