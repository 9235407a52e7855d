import { type Bytes, concat } from '../../src/core/bytes.ts'
import { encode } from './draft.ts'

export const nest = (depth: number, open = '[', close = ']'): string => open.repeat(depth) + close.repeat(depth)

/** Bytes that are in no UTF-8 text (Unicode Standard, table 3-7). */
export const BAD_UTF8: readonly Bytes[] = [
  [0x80],
  [0xff],
  [0xc0, 0x80],
  [0xc1, 0xbf],
  [0xe0, 0x80, 0x80],
  [0xed, 0xa0, 0x80],
  [0xed, 0xbf, 0xbf],
  [0xf0, 0x80, 0x80, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0xe2, 0x82],
  [0xf0, 0x9f, 0x92],
  [0xfc, 0x80, 0x80, 0x80, 0x80, 0x80],
].map((bytes) => Uint8Array.from(bytes))

/** A text with bytes before the first of what is named. */
export const withBytes = (text: string, before: string, bytes: Bytes): Bytes => {
  const at = text.indexOf(before)
  return concat([encode(text.slice(0, at)), bytes, encode(text.slice(at))])
}

export const filler = (bytes: number): string => 'x'.repeat(bytes)

/** Control characters that JSON has no place for. */
export const CONTROLS: readonly string[] = ['\0', '\u0001', '\b', '\f', '\u001b', '\u001f']
