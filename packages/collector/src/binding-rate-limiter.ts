import { fail, ok, type Rate } from '@waybill/protocol'
import { checkBinding, checkNothingElse } from './core/check-kind.ts'
import { ConfigurationError } from './core/configuration-error.ts'
import type { RateLimiter } from './core/rate-limiter.ts'

/** So much of Cloudflare's `RateLimit` as is used: written out, so that these types ask for no others. */
export interface RateLimitBinding {
  limit(options: { key: string; delta?: number }): Promise<{ success: boolean }>
}

/** A binding, and the `simple` of its entry in `ratelimits`, which a Worker cannot read. */
export interface BindingRateLimiterOptions extends Rate {
  binding: RateLimitBinding
}

/**
 * Counts with a `ratelimits` binding, over all isolates of one Cloudflare location, each rate of each site by itself. The binding
 * knows one rate, set where the Worker is deployed: a request of a key that may do less takes more of it. So set it far above every
 * key's rate; a key above it has the binding's. A rate of a shorter period is kept as a mean over the binding's own: of 50 a second
 * 500 may come at once in 10 s, and 3,000 in 60 s. It forgets after its period, and keeps no rate below one request in that: a
 * configured key with such a rate is refused, a signed one may send one request in each period. The binding only says yes or no: who is refused is asked to come back
 * after its period (https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/).
 * Throws a `ConfigurationError` for a setting that cannot work.
 */
export function bindingRateLimiter({ binding, limit, period, ...others }: BindingRateLimiterOptions): RateLimiter {
  checkNothingElse('rateLimiter', others)
  checkBinding('rateLimiter binding', binding, ['limit'], 'a rate limit')
  for (const [name, value] of Object.entries({ limit, period })) {
    if (Number.isSafeInteger(value) && value > 0) continue
    throw new ConfigurationError(
      `rateLimiter ${name}: set it to that of its \`simple\` in wrangler.jsonc; it is ${value}.`,
    )
  }
  const deltaOf = (rate: Rate) => Math.max(1, Math.ceil((limit * rate.period) / (period * rate.limit)))
  return {
    async count(id, rate) {
      const key = `${rate.limit}/${rate.period} ${id}`
      const { success } = await binding.limit({ key, delta: Math.min(limit, deltaOf(rate)) })
      return success ? ok(undefined) : fail({ retryAfter: period })
    },
    faultOf(rate) {
      if (deltaOf(rate) <= limit) return
      return `the rate limiter forgets after ${period} s; set rate to one request or more in ${period} s.`
    },
  }
}
