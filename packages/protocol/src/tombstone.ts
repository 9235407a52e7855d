import type { MessageId, Seq, StreamId } from './ids.ts'

/**
 * The line that stands where an event was shed by the client or rejected by the collector, so that a sink's data
 * explains each gap by itself. `through` makes it stand for the whole range `seq..through`.
 */
export interface Tombstone {
  streamId: StreamId
  seq: Seq
  through?: Seq
  type: (typeof tombstoneTypes)[number]
  /** Why: a code in lower case with underscores. */
  reason: string
  messageId?: MessageId
}

export const tombstoneTypes = ['shed', 'rejected'] as const
