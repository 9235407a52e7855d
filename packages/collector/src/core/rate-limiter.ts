import type { Rate, Result } from '@waybill/protocol'

/** Says whether a site presents batches more often than it may. What it knows is a hint: forgetting it lets more in. */
export interface RateLimiter {
  /**
   * Counts one request of a site at this rate; what the site does at another rate is another count. A fault says in how many
   * seconds there may be room for another one, at least 1.
   *
   * @param id the write key's
   */
  count(id: string, rate: Rate): Promise<Result<void, { retryAfter: number }>>
  /** Why it cannot keep a rate, and the mend; asked of the configured keys. Left out where it keeps any. */
  faultOf?(rate: Rate): string | undefined
}
