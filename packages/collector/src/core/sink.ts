import type { Result } from '@waybill/protocol'
import type { Batch } from './batch.ts'

/** Delivers one batch. May be called twice with the same `batchId`; expected failures are values. */
export interface Sink {
  /** Unique in a collector, `[a-z0-9-]`. */
  readonly name: string
  /** What an `ok` means: stored for good, taken over by something that will store it, or merely tried. */
  readonly guarantee: 'durable' | 'accepted' | 'best-effort'
  /** Whether the client keeps the batch until this sink has it. */
  readonly required: boolean
  /**
   * Which destination this is, up to 256 characters and no secret: another one, when the configuration names another. That
   * one generation has a batch says nothing of the next.
   */
  readonly generation: string
  /** How long it may take for a batch, in milliseconds from 1 to 3,600,000. Default: the collector's `sinkDeadline`. */
  readonly deadline?: number
  /** How a repeat is told at the destination. */
  readonly idempotency: Idempotency
  /** Settles soon after `signal` fires, with a fault if the batch was not taken by then. */
  deliver(batch: Batch, signal: AbortSignal): Promise<Result<void, SinkFault>>
  /** Whether the destination can be reached and would let us in; writes no events. Left out where that cannot be asked. */
  ready?(signal: AbortSignal): Promise<Result<void, TransientFault>>
}

/** What the destination deduplicates by, and for how long: a phrase each, for the table of sinks. */
export interface Idempotency {
  /** `the object key`, or `none`. */
  readonly key: string
  /** `as long as the object is there`, or `none`. */
  readonly window: string
}

/** Why a sink does not have a batch. */
export type SinkFault = TransientFault | RefusalFault

/** The batch stays with the client, which presents it again. */
export interface TransientFault {
  kind: 'transient'
  detail: string
  /** In how many seconds the destination wants to be asked again. What is not finite, or below 0, counts as left out. */
  retryAfter?: number
}

/**
 * The destination takes nothing of this batch while these events are in it, however often they come. The collector hands
 * it the batch again with a tombstone in the place of each.
 */
export interface RefusalFault {
  kind: 'refused'
  /** Which events, at least one. */
  seqs: readonly number[]
  /** Why: goes with them to the dead-letter sink. */
  detail?: string
}
