import { fail, MAX_KEY_LENGTH, ok, type Result } from '@waybill/protocol'
import { allowsOrigin } from './allows-origin.ts'
import type { KeyRing, WriteKey } from './key-ring.ts'
import type { Refusal } from './refusal.ts'
import type { SignedKeyRing } from './signed-key-ring.ts'

type AuthRefusal = Extract<Refusal, { reason: 'unknown_key' | 'expired_key' | 'revoked_key' | 'origin_not_allowed' }>

/** Where write keys are looked for. */
export interface KeyRings {
  findKey: KeyRing
  readSignedKey: SignedKeyRing
}

/** Which site is writing. A request without an `Origin` is refused as well, but for a key of servers: it fails closed. */
export async function authenticate(
  { key, origin }: { key: string | undefined; origin: string | undefined },
  { findKey, readSignedKey }: KeyRings,
): Promise<Result<WriteKey, AuthRefusal>> {
  if (key === undefined || key.length > MAX_KEY_LENGTH) {
    return fail({ reason: 'unknown_key', present: key !== undefined })
  }
  // Both are asked, whichever knows it: the time taken does not tell.
  const plain = findKey(key)
  const signed = await readSignedKey(key)
  if (signed && !signed.ok) return signed
  const writeKey = plain ?? signed?.value
  if (!writeKey) return fail({ reason: 'unknown_key', present: true })
  if (!allowsOrigin(writeKey.origins, origin)) {
    return fail({ reason: 'origin_not_allowed', present: origin !== undefined })
  }
  return ok(writeKey)
}
