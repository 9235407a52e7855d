/**
 * A version 7 UUID (RFC 9562, section 5.7): sorts by time of birth, and those of one maker by their order.
 * Made by hand because `crypto.randomUUID` exists in secure contexts only.
 *
 * @param now milliseconds since 1970
 * @param count what number the maker gives it; the lowest 12 bits count
 * @param random three times 32 random bits
 */
export function uuid(now: number, count: number, [a = 0, b = 0, c = 0]: Uint32Array): string {
  const hex = (number: number, digits: number) => number.toString(16).padStart(digits, '0').slice(-digits)
  const time = hex(Math.max(0, now), 12)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(count, 3)}-8${hex(a, 3)}-${hex(b, 4)}${hex(c, 8)}`
}

/**
 * Makes one UUID after another. Those of one millisecond count on, so that they sort; each millisecond counts from
 * anywhere, so that no id tells how many came before it.
 *
 * @param now ms since 1970
 * @param words three times 32 random bits, others at each call
 */
export function createMint(now: () => number, words: () => Uint32Array): () => string {
  let madeAt: number | undefined
  let count = 0
  return () => {
    const at = now()
    const random = words()
    // Half of the numbers are left to count on.
    count = at === madeAt ? count + 1 : (random[0] as number) >>> 21
    madeAt = at
    return uuid(at, count, random)
  }
}

/** When a version 7 UUID was made, ms since 1970. */
export const bornAt = (id: string): number => Number.parseInt(String(id).replace('-', '').slice(0, 12), 16)
