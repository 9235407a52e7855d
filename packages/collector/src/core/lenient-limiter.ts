import { ok } from '@waybill/protocol'
import { describeError } from './describe-error.ts'
import type { Platform } from './platform.ts'
import type { RateLimiter } from './rate-limiter.ts'
import { within } from './within.ts'

/** A rate limiter is waited for this long, in milliseconds: more than one that works takes, and less than anyone notices. */
const PATIENCE = 250

export interface LenientLimiterOptions {
  after: Platform['after']
  /** It could not count a request of this site. */
  onFailed: (keyId: string, detail: string) => void
}

/** A rate limiter that fails or hangs lets everybody in, and it is told: it spares the sinks, and is no lock. */
export function lenientLimiter(limiter: RateLimiter, { after, onFailed }: LenientLimiterOptions): RateLimiter {
  return {
    count: (id, rate) =>
      within(PATIENCE, async () => limiter.count(id, rate), after).catch((error) => {
        onFailed(id, describeError(error))
        return ok(undefined)
      }),
  }
}
