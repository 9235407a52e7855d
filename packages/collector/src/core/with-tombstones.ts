import type { Tombstone } from '@waybill/protocol'
import type { Batch } from './batch.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * The batch for a sink that refuses some of its events: tombstones stand in their places, `rejected` for the reason
 * `refused_by_sink`. The digest stays, for it is of what the
 * collector took.
 *
 * @returns nothing when one of these seqs is no event of the batch, or when there is none
 */
export function withTombstones(batch: Batch, seqs: readonly number[]): Batch | undefined {
  const refused = new Set(seqs)
  const lines = batch.lines.map((line) => {
    const { streamId, seq, messageId, type, received } = JSON.parse(decoder.decode(line))
    if (type === 'shed' || type === 'rejected' || !refused.delete(seq)) return line
    const tombstone: Tombstone = { streamId, seq, type: 'rejected', reason: 'refused_by_sink', messageId }
    return encoder.encode(JSON.stringify({ ...tombstone, received }))
  })
  return seqs.length > 0 && refused.size === 0 ? { ...batch, lines } : undefined
}
