/** In ms. */
export const DAY = 86_400_000

/** The last millisecond that RFC 3339 can write: the end of the year 9999. */
const LAST = 253_402_300_799_999

/** The second that was written last, and its text up to the ms. */
let second = -1
let upToMs = ''

/**
 * Milliseconds since 1970 as RFC 3339 in UTC. A clock outside the years 1970 to 9999 is written as the nearest end. Most
 * are of the same second as the one before: then a `Date`, which takes long in a call after a rest, is not asked.
 */
export function timestamp(ms: number): string {
  const at = Math.min(Math.max(ms, 0), LAST)
  if (second !== Math.floor(at / 1000)) {
    upToMs = new Date(at).toISOString().slice(0, -4)
    second = Math.floor(at / 1000)
  }
  return `${upToMs}${`${1000 + (at % 1000)}`.slice(1, 4)}Z`
}
