import type { Tombstone } from '@waybill/protocol'
import type { Batch } from './batch.ts'
import { findEvent } from './find-event.ts'

/** The fault of a sink that refuses such seqs only: without it, it would be handed the same batch for ever. */
export const NO_EVENTS = 'it refuses only seqs that are no events of the batch, or tombstones already'

const encoder = new TextEncoder()

/** A batch, and the seqs of the events that have just become tombstones in it. */
export interface Replaced {
  batch: Batch
  seqs: number[]
}

/**
 * The batch for a sink that refuses some of its events: tombstones stand in their places, `rejected` for the reason
 * `refused_by_sink`. The digest stays, for it is of what the collector took. Seqs of tombstones, and of no line of the
 * batch, are left out: refusing them asks for nothing that can be done.
 *
 * @returns nothing when none of these seqs is an event of the batch
 */
export function withTombstones(batch: Batch, seqs: readonly number[]): Replaced | undefined {
  const lines = [...batch.lines]
  const replaced: number[] = []
  for (const refused of new Set(seqs)) {
    const found = findEvent(lines, refused)
    if (!found) continue
    const { streamId, seq, messageId, received } = found.event
    const tombstone: Tombstone = { streamId, seq, type: 'rejected', reason: 'refused_by_sink', messageId }
    lines[found.index] = encoder.encode(JSON.stringify({ ...tombstone, received }))
    replaced.push(seq)
  }
  return replaced.length > 0 ? { batch: { ...batch, lines }, seqs: replaced } : undefined
}
