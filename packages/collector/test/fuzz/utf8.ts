import type { Bytes } from '../../src/core/bytes.ts'

/** Whether bytes are well-formed UTF-8, by table 3-7 of the Unicode Standard. */
export function isUtf8(bytes: Bytes): boolean {
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at++] ?? 0
    if (lead < 0x80) continue
    if (lead < 0xc2 || lead > 0xf4) return false
    let [low, high] = [0x80, 0xbf]
    if (lead === 0xe0) low = 0xa0
    if (lead === 0xed) high = 0x9f
    if (lead === 0xf0) low = 0x90
    if (lead === 0xf4) high = 0x8f
    for (let more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3; more > 0; more--) {
      const next = bytes[at++] ?? 0
      if (next < low || next > high) return false
      ;[low, high] = [0x80, 0xbf]
    }
  }
  return true
}
