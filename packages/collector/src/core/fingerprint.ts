const encoder = new TextEncoder()

/**
 * A text in 16 hex digits, the same each time: FNV-1a of 64 bits. It tells settings apart that may hold a secret, as a URL
 * does whose query is a token; it is no proof against somebody who looks for another text of the same fingerprint. It is not
 * to be shown: whoever has it can try guesses of a short secret on it.
 */
export function fingerprint(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (const byte of encoder.encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash.toString(16).padStart(16, '0')
}

/** A text without the fingerprint that it ends with, for anybody's eyes. */
export const withoutFingerprint = (text: string): string => text.replace(/(^| )[\da-f]{16}$/, '')
