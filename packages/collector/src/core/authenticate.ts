import { fail, ok, type Result } from '@waybill/protocol'
import { allowsOrigin } from './allows-origin.ts'
import type { KeyRing, WriteKey } from './key-ring.ts'
import type { Refusal } from './refusal.ts'

type AuthRefusal = Extract<Refusal, { reason: 'unknown_key' | 'origin_not_allowed' }>

/** Which site is writing. A request without an `Origin` is refused as well, but for a key of servers: it fails closed. */
export async function authenticate(
  { key, origin }: { key: string | undefined; origin: string | undefined },
  findKey: KeyRing,
): Promise<Result<WriteKey, AuthRefusal>> {
  const writeKey = key === undefined ? undefined : await findKey(key)
  if (!writeKey) return fail({ reason: 'unknown_key', present: key !== undefined })
  if (!allowsOrigin(writeKey.origins, origin)) {
    return fail({ reason: 'origin_not_allowed', present: origin !== undefined })
  }
  return ok(writeKey)
}
