import type { Bytes } from './bytes.ts'

/** The text, or `undefined` when it is not UTF-8. A byte order mark stays: JSON has no place for it. */
export function decodeUtf8(bytes: Bytes): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
