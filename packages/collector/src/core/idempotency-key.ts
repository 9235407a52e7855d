import type { Batch } from './batch.ts'

/**
 * What a destination can tell a batch's repeats by: the same for each of them, and another one for a fork, which has the
 * same batch id and must not be taken for a repeat. `<batch id>~<the digest's first 16 digits>`.
 */
export const toIdempotencyKey = ({ batchId, digest }: Batch): string => `${batchId}~${digest.slice(0, 16)}`
