import { fail, type Limits, ok, type Result } from '@waybill/protocol'
import { authenticate, type KeyRings } from './authenticate.ts'
import type { WriteKey } from './key-ring.ts'
import { narrowLimits } from './narrow-limits.ts'
import type { RateLimiter } from './rate-limiter.ts'
import type { Refused } from './refusal.ts'
import type { Sink } from './sink.ts'
import { sinksOf } from './sinks-of.ts'

/** What a request is held against before anything of its body is read. */
export interface Gate extends KeyRings {
  rateLimiter: RateLimiter
  sinks: readonly Sink[]
  limits: Limits
}

/** What a site may do with its key. */
export interface Admission {
  writeKey: WriteKey
  /** Those that its batches go to. */
  sinks: readonly Sink[]
  limits: Limits
}

/** Which site is writing, and whether it may now. */
export async function admit(
  presented: { key: string | undefined; origin: string | undefined },
  { rateLimiter, sinks: all, limits, ...keyRings }: Gate,
): Promise<Result<Admission, Refused>> {
  const site = await authenticate(presented, keyRings)
  if (!site.ok) return fail({ refusal: site.fault })
  const writeKey = site.value
  const { id: keyId } = writeKey
  const sinks = sinksOf(writeKey.sinks, all)
  if (!sinks) return fail({ refusal: { reason: 'no_sink', named: writeKey.sinks ?? [] }, keyId })
  const counted = await countRequest(rateLimiter, writeKey)
  if (!counted.ok) return fail({ refusal: { reason: 'rate_limited', ...counted.fault }, keyId })
  return ok({ writeKey, sinks, limits: narrowLimits(limits, writeKey.limits) })
}

/** A limiter that fails lets everybody in: it spares the sinks, and is no lock. */
const countRequest = async (
  limiter: RateLimiter,
  { id, rate }: Pick<WriteKey, 'id' | 'rate'>,
): ReturnType<RateLimiter['count']> => (rate ? limiter.count(id, rate).catch(() => ok(undefined)) : ok(undefined))
