import { fail, type Limits, ok, type Result } from '@waybill/protocol'
import { authenticate, type KeyRings } from './authenticate.ts'
import type { WriteKey } from './key-ring.ts'
import { narrowLimits } from './narrow-limits.ts'
import type { RateLimiter } from './rate-limiter.ts'
import type { Refusal, Refused } from './refusal.ts'
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

/** Which site is writing, and what it may do. */
export async function admit(
  presented: { key: string | undefined; origin: string | undefined },
  { sinks: all, limits, ...keyRings }: Omit<Gate, 'rateLimiter'>,
): Promise<Result<Admission, Refused>> {
  const site = await authenticate(presented, keyRings)
  if (!site.ok) return fail({ refusal: site.fault })
  const writeKey = site.value
  const { id: keyId } = writeKey
  const sinks = sinksOf(writeKey.sinks, all)
  if (!sinks) return fail({ refusal: { reason: 'no_sink', named: writeKey.sinks ?? [] }, keyId })
  return ok({ writeKey, sinks, limits: narrowLimits(limits, writeKey.limits) })
}

/**
 * Counts a request, and says whether it is one too many. Where a key asks for a token it is for who brings one: else whoever reads
 * the key in a page could use up its rate.
 */
export async function countRequest(
  limiter: RateLimiter,
  { id, rate }: Pick<WriteKey, 'id' | 'rate'>,
): Promise<Extract<Refusal, { reason: 'rate_limited' }> | undefined> {
  const counted = rate ? await limiter.count(id, rate) : ok(undefined)
  return counted.ok ? undefined : { reason: 'rate_limited', ...counted.fault }
}
