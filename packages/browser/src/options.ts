import type { Accumulator } from './core/accumulator.ts'
import type { OutgoingEvent } from './core/before-send.ts'
import type { Consent } from './core/consent.ts'
import type { State } from './core/state.ts'

/** How to make a Waybill. */
export interface WaybillOptions<Accumulators extends readonly Accumulator[] = readonly Accumulator[]> {
  /** The collector: its origin (`/v1/events` is added), or the URL of its events path. */
  endpoint: string
  /** Names the site. No secret: the collector checks the page's origin beside it. */
  writeKey: string
  /**
   * Asks the site's own backend for a token, where the write key requires one: a short-lived JWT that says who may send.
   * Called when a batch is to be sent and the last token is none any more, by the collector's word; the batch waits for
   * it for 10 s. When it fails the batch is kept, as in an outage. Default: no token is sent.
   */
  token?: () => string | Promise<string>
  /**
   * Names the buffer: its IndexedDB database and its lock. Default `waybill`. Not bound to endpoint or key, so that a
   * rotated key or a moved endpoint finds the same backlog.
   */
  name?: string
  /** Flush when so many events have come since the last flush. Default 100. */
  flushAt?: number
  /** Flush when an event has waited for so many ms. Default 5,000. */
  flushInterval?: number
  /** Give up a request after so many ms; the batch is kept. Default 30,000. */
  requestTimeout?: number
  /** Compress batches of 1 KiB and more where the browser can. Default true. */
  gzip?: boolean
  /**
   * How many bytes of events may wait. What is above gives way, the oldest of the lowest priority first; a tombstone
   * says so in its place. Default 16,777,216 (16 MiB).
   */
  maxBytes?: number
  /** For how long an event may wait, in ms. Default 2,592,000,000 (30 days). */
  maxAge?: number
  /**
   * What holds until the visitor's own decision, which `consent()` writes down, is known. `pending`: nothing is stored
   * and nothing is sent before. Default `granted`.
   */
  consent?: Consent
  /** Assume `denied` where the browser sends Global Privacy Control and the visitor has not decided. Default false. */
  gpc?: boolean
  /**
   * A session ends after so many ms without an event, and an open span is abandoned after so many without a page that
   * has it open. Default 1,800,000 (30 min). Below 120,000 a span of a hidden page can be taken for abandoned.
   */
  sessionTimeout?: number
  /**
   * What rides on every event beside the built-in `session`, `visitor` and `identity`. One that can't be used is left out,
   * and `on('error')` says why.
   */
  accumulators?: Accumulators
  /**
   * Sees each event at its call, before anything of it is stored, and the latest state that this page knows: an empty one
   * before the page's first answer from the store, and after `reset()` until that is stored. So redact by the event, not
   * by the state alone, or `await waybill.state()` before the first call. `register` is not shown to it; the `set` of an
   * event is. Returns the event, changed or not, or null to drop it. Its type, timestamp and monotonic clock stay. When it throws, or returns something
   * else, the event is dropped and `on('error')` says why: what it was to take out must not get out.
   */
  beforeSend?: (event: OutgoingEvent, state: State<Accumulators>) => OutgoingEvent | null | undefined
  /**
   * Make a `track` event `Session Ended` of each session that is over, with the time of its last event. Whichever tab or
   * visit finds it over makes it. Default false.
   */
  sessionEnded?: boolean
  /**
   * Have the site's service worker send what a closed page has left behind: one that calls `sendInBackground` of
   * `@waybill/browser/service-worker`. Where there is none, or no Background Sync, nothing changes. Default false.
   */
  backgroundSync?: boolean
}
