/** Seconds that a `Retry-After` header asks for, given as seconds or as a date (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined
}

/** What the client is asked for: the largest that a sink asked for, at least a second and at most an hour. */
export function toRetryAfter(asked: readonly (number | undefined)[]): number {
  const seconds = Math.max(...asked.map((each) => each ?? 5))
  return Math.min(3600, Math.max(1, Math.ceil(seconds)))
}
