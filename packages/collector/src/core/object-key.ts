import type { Batch } from './batch.ts'

/** Where a batch lies in an object store: in the order of its stream, below its site and day. */
export function toObjectKey({ keyId, header: { cutAt, streamId, first, last } }: Batch): string {
  return `${keyId}/dt=${cutAt.slice(0, 10)}/${streamId}/${String(first).padStart(16, '0')}-${last}.ndjson`
}

/**
 * Where a batch lies whose place is taken by one of another digest: its stream was rolled back and went on differently, or
 * something else of it was rejected then.
 */
export const toForkKey = (batch: Batch): string =>
  toObjectKey(batch).replace(/\.ndjson$/, `~${batch.digest.slice(0, 8)}.ndjson`)
