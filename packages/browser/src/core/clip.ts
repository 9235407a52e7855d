import { byteLength } from '@waybill/protocol'

/** The beginning of a text: so many characters at most, and twice as many UTF-8 bytes as JSON. */
export function clip(text: string, length: number): string {
  let kept = text.slice(0, length)
  let bytes = bytesOf(kept)
  while (bytes > 2 * length) {
    // A character takes 6 bytes at most.
    kept = kept.slice(0, -Math.ceil((bytes - 2 * length) / 6))
    bytes = bytesOf(kept)
  }
  return kept
}

/** Without the quotes. */
const bytesOf = (text: string) => byteLength(JSON.stringify(text)) - 2
