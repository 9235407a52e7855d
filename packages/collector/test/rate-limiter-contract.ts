import type { Rate } from '@waybill/protocol'
import { describe, expect, test } from 'vitest'
import type { RateLimiter } from '../src/core/rate-limiter.ts'

/**
 * What every rate limiter keeps to.
 *
 * @param create a limiter of its own for each test, or one that knows none of the sites
 */
export function rateLimiterContract(create: () => RateLimiter): void {
  const rate: Rate = { limit: 3, period: 60 }
  let sites = 0
  const newSite = () => `site-${sites++}`
  const countAll = async (limiter: RateLimiter, id: string, times: number) => {
    const counted: boolean[] = []
    for (let time = 0; time < times; time++) counted.push((await limiter.count(id, rate)).ok)
    return counted
  }

  describe('a rate limiter', () => {
    test('lets as many requests through at once as the rate says, and no more', async () => {
      expect(await countAll(create(), newSite(), 5)).toEqual([true, true, true, false, false])
    })

    test('says when to come back, in whole seconds: not at once, and not later than after the period', async () => {
      const limiter = create()
      const id = newSite()
      await countAll(limiter, id, 3)
      const counted = await limiter.count(id, rate)
      expect(counted).toEqual({ ok: false, fault: { retryAfter: expect.any(Number) } })
      const { retryAfter } = counted.ok ? { retryAfter: 0 } : counted.fault
      expect(Number.isInteger(retryAfter)).toBe(true)
      expect(retryAfter).toBeGreaterThanOrEqual(1)
      expect(retryAfter).toBeLessThanOrEqual(60)
    })

    test('counts each site for itself', async () => {
      const limiter = create()
      await countAll(limiter, newSite(), 5)
      expect(await countAll(limiter, newSite(), 1)).toEqual([true])
    })

    test('counts each rate of a site for itself', async () => {
      const limiter = create()
      const id = newSite()
      await countAll(limiter, id, 5)
      expect((await limiter.count(id, { limit: 6, period: 60 })).ok).toBe(true)
      expect(await countAll(limiter, id, 1)).toEqual([false])
    })

    test('lets requests that come at the same time through as if one came after the other', async () => {
      const limiter = create()
      const id = newSite()
      const counted = await Promise.all(Array.from({ length: 6 }, () => limiter.count(id, rate)))
      expect(counted.filter(({ ok }) => ok)).toHaveLength(3)
    })
  })
}
