import type { BatchId, MessageId, Seq, StreamId } from './ids.ts'

/** Any value that JSON can carry. */
export type Json = string | number | boolean | null | Json[] | { [member: string]: Json }
export type JsonObject = { [member: string]: Json }

/** The calls of the Segment Spec that a stream carries. */
export const eventTypes = ['track', 'page', 'screen', 'identify', 'group', 'alias'] as const
export type EventType = (typeof eventTypes)[number]

/**
 * One event with all the state it needs, as a sink receives it.
 * The members are those of the Segment Spec, plus `streamId`, `seq`, `monotonic` and `state`.
 */
export interface CompleteEvent {
  streamId: StreamId
  seq: Seq
  messageId: MessageId
  type: EventType
  /** The name of a `track` call. */
  event?: string
  /** The name of a `page` or `screen` call. */
  name?: string
  category?: string
  /** What the app handed to `track` or `page`. */
  properties?: JsonObject
  /** What the app handed to `identify` or `group`. */
  traits?: JsonObject
  groupId?: string
  anonymousId?: string
  userId?: string
  /** The device's wall clock when the event happened, RFC 3339 in UTC with milliseconds. Never overwritten. */
  timestamp: string
  /** The clock that does not jump: milliseconds since the document `boot` began. */
  monotonic?: { boot: string; ms: number }
  context?: JsonObject
  /** The span that ended with this event. */
  span?: EndedSpan
  /** What had accumulated on the device when the event was stamped, by accumulator. */
  state?: JsonObject
  /** Appended by the collector; a line that arrives with this member is rejected. */
  received?: Received
}

/** Something that took a while: what it gathered is in its event's `properties`, when it ended in `timestamp`. */
export interface EndedSpan {
  /** A UUID. No two events have the same, but where a browser profile was restored or its storage failed. */
  id: string
  /** The device's wall clock, RFC 3339. */
  startedAt: string
  /** For how many ms a page that had it open ran: by the clock that does not jump, and not between pages. */
  duration: number
  /** `completed`, what the app says instead, or `abandoned`: no page ended it, and `timestamp` is when one last had it. */
  outcome: string
}

/** What the collector knows of an event and the device does not. */
export interface Received {
  /** The collector's clock, RFC 3339. */
  at: string
  batchId: BatchId
  /** The device's clock when the batch was sent, RFC 3339. Absent on copies, which may have been made long before. */
  sentAt?: string
  /** The collector's clock less the device's `sentAt`, in milliseconds. Absent on copies, whose `sentAt` may be old. */
  skewMs?: number
  /** Where the network took the sender to be, as far as the collector was told to write it down. */
  geo?: Geo
  /** The sender's `User-Agent`, of at most 512 characters. Only where the collector was told to write it down. */
  userAgent?: string
  /** The sender's address without its last part: 24 bits of an IPv4 address, 48 of an IPv6 address. */
  ip?: string
  /** A hash of the sender's address, 22 letters: the same for one address on one day (UTC), another on the next. */
  ipHash?: string
}

/** Where a sender is, of the coarser kind. */
export interface Geo {
  /** ISO 3166-1, two letters; `T1` is the Tor network. */
  country?: string
  /** ISO 3166-2 without the country, `BY`. */
  region?: string
  city?: string
}
