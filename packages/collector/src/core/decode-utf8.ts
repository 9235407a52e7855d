import type { Bytes } from './bytes.ts'

// One for all lines: each text is decoded whole, so nothing of it stays behind.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text, or `undefined` when it is not UTF-8. A byte order mark stays: JSON has no place for it. */
export function decodeUtf8(bytes: Bytes): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
