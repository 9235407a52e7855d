import type { Bytes } from './bytes.ts'

/** SHA-256 in hex: two presentations of a batch are the same batch when the digests of their lines are. */
export async function digest(bytes: Bytes): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
