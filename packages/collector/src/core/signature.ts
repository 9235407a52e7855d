import type { Rejection } from '@waybill/protocol'
import type { Batch } from './batch.ts'
import { digest } from './digest.ts'
import type { Platform } from './platform.ts'
import type { Sink } from './sink.ts'

/** What is remembered of a batch. */
export type Remembered =
  /** Somebody is handing it to the sinks, or was until something happened to them. */
  | { state: 'in_progress' }
  /** Every required sink has it; so it was answered. */
  | { state: 'done'; recorded: number; rejected: Rejection[] }

/**
 * What a batch is remembered under: site, batch id and the client's digest, and which sinks had to have it, as what was done for some
 * is not done for others.
 */
export async function toSignature(
  { keyId, batchId, clientDigest }: Pick<Batch, 'keyId' | 'batchId'> & { clientDigest: string },
  sinks: readonly Pick<Sink, 'name' | 'generation' | 'guarantee' | 'required'>[],
  sha256: Platform['sha256'],
): Promise<string> {
  const required = sinks
    .filter((sink) => sink.required)
    .map(({ name, generation, guarantee }) => [name, generation, guarantee])
    .sort()
  return digest(new TextEncoder().encode(JSON.stringify([1, keyId, batchId, clientDigest, required])), sha256)
}

/** What a cache holds of it; nothing when that is not what we write. */
export function parseRemembered(text: string | undefined): Remembered | undefined {
  // Most batches are new: that is no error to throw and catch.
  if (text === undefined) return
  try {
    const { state, recorded, rejected } = JSON.parse(text)
    if (state === 'in_progress') return { state }
    if (state === 'done' && Number.isSafeInteger(recorded) && Array.isArray(rejected))
      return { state, recorded, rejected }
  } catch {
    // It is a cache.
  }
}
