import { env } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'
import { rateLimiterContract } from '../test/rate-limiter-contract.ts'
import { bindingRateLimiter } from './binding-rate-limiter.ts'
import { ConfigurationError } from './core/configuration-error.ts'

const bound = { binding: env.RATE_LIMIT, limit: 30, period: 60 }

// Windows begin with the minutes of the clock, for all sites at once: none may begin in mid-test.
beforeAll(async () => {
  const left = 60_000 - (Date.now() % 60_000)
  if (left < 3_000) await new Promise((resolve) => setTimeout(resolve, left))
})

rateLimiterContract(() => bindingRateLimiter(bound))

test('a key may do no more than the binding, whatever it says', async () => {
  const limiter = bindingRateLimiter(bound)
  const counted = await Promise.all(Array.from({ length: 35 }, () => limiter.count('fast', { limit: 1000, period: 1 })))
  expect(counted.filter(({ ok }) => ok)).toHaveLength(30)
})

test('a rate of a shorter period is kept as a mean: all of a period of the binding may come at once', async () => {
  const limiter = bindingRateLimiter(bound)
  const counted = await Promise.all(Array.from({ length: 25 }, () => limiter.count('brief', { limit: 1, period: 3 })))
  expect(counted.filter(({ ok }) => ok)).toHaveLength(15)
})

test('a rate below one request in the period of the binding has one in each, and is told of', async () => {
  const limiter = bindingRateLimiter(bound)
  const slow = { limit: 1, period: 3600 }
  expect([(await limiter.count('slow', slow)).ok, (await limiter.count('slow', slow)).ok]).toEqual([true, false])
  expect(limiter.faultOf?.(slow)).toContain('set rate to one request or more in 60 s')
  expect(limiter.faultOf?.({ limit: 1, period: 60 })).toBeUndefined()
})

test.each<[what: string, change: object, message: string]>([
  ['no binding', { binding: undefined }, 'rateLimiter binding: bind a rate limit in wrangler.jsonc, and hand its'],
  ['a limit of nothing', { limit: 0 }, 'rateLimiter limit: set it to that of its `simple` in wrangler.jsonc; it is 0.'],
  ['a period that is not set', { period: undefined }, 'rateLimiter period: set it to that of its `simple`'],
  ['an option that there is not', { rate: 1 }, "rateLimiter: there is no setting 'rate'"],
])('%s is refused when the rate limiter is made', (_, change, message) => {
  expect(() => bindingRateLimiter({ ...bound, ...change })).toThrow(ConfigurationError)
  expect(() => bindingRateLimiter({ ...bound, ...change })).toThrow(message)
})
