/** Bytes in memory that nobody shares: what `crypto.subtle` and `fetch` take. */
export type Bytes = Uint8Array<ArrayBuffer>

/** Ends a line of NDJSON. */
export const LF = 0x0a

/** One run of bytes out of many. */
export function concat(parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}
