import { fail, ok, type Rate, type Result } from '@waybill/protocol'

/** What is left of a rate: requests that may come at once, and when that was so, in milliseconds since 1970. */
export interface TokenBucket {
  left: number
  at: number
}

/** What a bucket holds by now. A clock that was set back fills nothing and takes nothing. */
export function refill({ left, at }: TokenBucket, { limit, period }: Rate, now: number): TokenBucket {
  const refilled = (Math.max(0, now - at) * limit) / (period * 1000)
  return { left: Math.min(limit, left + refilled), at: now }
}

/** Takes one request out of a refilled bucket, or says in how many seconds there is one. */
export function take({ left, at }: TokenBucket, { limit, period }: Rate): Result<TokenBucket, { retryAfter: number }> {
  return left >= 1
    ? ok({ left: left - 1, at })
    : fail({ retryAfter: Math.max(1, Math.ceil(((1 - left) * period) / limit)) })
}
