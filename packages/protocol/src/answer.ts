import type { BatchId, MessageId, Seq } from './ids.ts'

/** Why one event was rejected. Its neighbours are recorded. */
export type RejectionCode =
  | 'invalid_utf8'
  | 'invalid_json'
  | 'duplicate_member'
  | 'invalid_event'
  | 'event_too_large'
  | 'properties_too_large'
  | 'state_too_large'
  | 'too_deep'
  | 'prototype_member'
  | 'reserved_member'

/** One event that no sink will hold; its tombstone stands in its place. */
export interface Rejection {
  seq: Seq
  messageId: MessageId
  code: RejectionCode
  /** What is wrong with the event, and what to do. */
  detail: string
}

/** 200: every required sink has durably taken the batch; the client may forget it. */
export interface Recorded {
  batchId: BatchId
  /** How many events the sinks now hold; tombstones do not count. */
  recorded: number
  rejected: Rejection[]
}

/** 202: the sinks are still at it; present the same batch again after `retryAfter` seconds. */
export interface Accepted {
  batchId: BatchId
  retryAfter: number
  receipt?: string
}
