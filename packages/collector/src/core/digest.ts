import type { Bytes } from './bytes.ts'
import type { Platform } from './platform.ts'

/** SHA-256 in hex: two presentations of a batch are the same batch when the digests of their lines are. */
export async function digest(bytes: Bytes, sha256: Platform['sha256']): Promise<string> {
  return Array.from(await sha256(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
