import { ok } from '@waybill/protocol'
import type { RateLimiter } from './core/rate-limiter.ts'
import { refill, type TokenBucket, take } from './core/token-bucket.ts'

/** From so many sites on, those that have been quiet are forgotten. */
const MANY = 10_000

/**
 * A token bucket for each rate of each site: `limit` requests at once, then as many as come back in `period`. Counts in this process
 * only: of several, and of several isolates of a Worker, each counts for itself.
 *
 * @param now the clock, in milliseconds since 1970
 */
export function memoryRateLimiter(now: () => number = Date.now): RateLimiter {
  const buckets = new Map<string, TokenBucket>()
  /** Before the map grows above it. Doubled while it is full of sites that are not quiet, or each request would sweep. */
  let room = MANY

  return {
    async count(id, rate) {
      const at = now()
      // With one bucket for several rates, the highest would fill it for all.
      const name = `${rate.limit}/${rate.period} ${id}`
      const bucket = refill(buckets.get(name) ?? { left: rate.limit, at }, rate, at)
      const taken = take(bucket, rate)
      buckets.set(name, taken.ok ? taken.value : bucket)
      if (buckets.size > room) {
        for (const [each, { at: last }] of buckets) if (at - last > 3_600_000) buckets.delete(each)
        room = Math.max(MANY, 2 * buckets.size)
      }
      return taken.ok ? ok(undefined) : taken
    },
  }
}
