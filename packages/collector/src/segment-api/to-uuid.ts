import type { Bytes } from '../core/bytes.ts'

/** A UUID of version 8, made of the first 122 bits of a hash (RFC 9562, 5.8): a stream's, the same for the same bytes. */
export function toUuid(hash: Bytes): string {
  const bytes = hash.slice(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
