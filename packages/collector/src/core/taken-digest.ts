import type { Rejection } from '@waybill/protocol'
import { digest } from './digest.ts'
import type { Platform } from './platform.ts'

/**
 * The digest by which a sink tells whether it has a batch. Where all was taken it is that of the client's lines. Where
 * something was rejected it is also of what, as under other limits the same lines leave other tombstones: a sink that
 * holds those must not be thought to hold the events.
 *
 * @param clientDigest SHA-256 in hex over the client's lines
 */
export async function toTakenDigest(
  clientDigest: string,
  rejected: readonly Pick<Rejection, 'seq' | 'code'>[],
  sha256: Platform['sha256'],
): Promise<string> {
  if (rejected.length === 0) return clientDigest
  const taken = JSON.stringify([clientDigest, ...rejected.map(({ seq, code }) => [seq, code])])
  return digest(new TextEncoder().encode(taken), sha256)
}
