import type { Rate } from '@waybill/protocol'
import { expect, test } from 'vitest'
import { rateLimiterContract } from '../test/rate-limiter-contract.ts'
import { memoryRateLimiter } from './memory-rate-limiter.ts'

rateLimiterContract(() => memoryRateLimiter(() => 0))

const rate = { limit: 2, period: 10 }

/** A limiter on a clock that the test sets, in seconds. */
function limiterAt(start: number) {
  let now = start * 1000
  const limiter = memoryRateLimiter(() => now)
  return {
    count: async (id = 'site', at: Rate = rate) => {
      const counted = await limiter.count(id, at)
      return counted.ok || counted.fault.retryAfter
    },
    wait: (seconds: number) => {
      now += seconds * 1000
    },
  }
}

test('what was used comes back with time, and who comes back when told to is let in', async () => {
  const { count, wait } = limiterAt(100)
  expect([await count(), await count(), await count()]).toEqual([true, true, 5])
  wait(2)
  expect(await count()).toBe(3)
  wait(3)
  expect([await count(), await count()]).toEqual([true, 5])
})

test('however long a site was quiet, no more comes at once than the rate says', async () => {
  const { count, wait } = limiterAt(0)
  await count()
  wait(86_400)
  expect([await count(), await count(), await count()]).toEqual([true, true, 5])
})

test('a clock that is set back locks nobody out for longer than the period', async () => {
  const { count, wait } = limiterAt(86_400)
  await count()
  await count()
  wait(-80_000)
  expect(await count()).toBe(5)
  wait(5)
  expect(await count()).toBe(true)
})

test('sites that have been quiet for an hour are forgotten, and those that have not are not', async () => {
  const { count, wait } = limiterAt(0)
  for (let site = 0; site < 10_000; site++) await count(`quiet-${site}`)
  wait(3_601)
  await count('busy')
  await count('busy')
  await count('one more')
  expect(await count('busy')).toBe(5)
})

test('a key that may do much fills nothing for another key of its site that may do little', async () => {
  const { count, wait } = limiterAt(0)
  await count()
  await count()
  wait(1)
  expect(await count('site', { limit: 1000, period: 1 })).toBe(true)
  expect(await count()).toBe(4)
})
