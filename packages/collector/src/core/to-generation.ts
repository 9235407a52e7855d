import { fingerprint } from './fingerprint.ts'

/** What a generation may have, in characters. */
const MOST = 256

/**
 * The generation of a sink from all that says where its batches land: another text is another generation, a long one too, of
 * which the end is told by a fingerprint.
 */
export function toGeneration(destination: string): string {
  if (destination.length <= MOST) return destination
  const end = ` ${fingerprint(destination)}`
  return destination.slice(0, MOST - end.length) + end
}
