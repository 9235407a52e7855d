/** In ms. */
export const DAY = 86_400_000

/** The last millisecond that RFC 3339 can write: the end of the year 9999. */
const LAST = 253_402_300_799_999

/** Milliseconds since 1970 as RFC 3339 in UTC. A clock outside the years 1970 to 9999 is written as the nearest end. */
export const timestamp = (ms: number): string => new Date(Math.min(Math.max(ms, 0), LAST)).toISOString()
