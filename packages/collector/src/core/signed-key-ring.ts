import {
  fail,
  type KeyClaims,
  ok,
  type Result,
  readClaims,
  type SigningKey,
  signText,
  splitKey,
  toTokenSecret,
} from '@waybill/protocol'
import type { WriteKey } from './key-ring.ts'
import type { Platform } from './platform.ts'
import type { Refusal } from './refusal.ts'
import { sameText } from './same-text.ts'

/** Keys that are not taken any more, though nothing is wrong with their signature. */
export interface Revocation {
  /** The site's. */
  readonly id: string
  /** Those signed before this instant, RFC 3339. */
  readonly before: string
}

type SignedKeyRefusal = Extract<Refusal, { reason: 'expired_key' | 'revoked_key' }>

/** Reads the signed key that a request presents; `undefined` when none of ours has signed it. */
export type SignedKeyRing = (presented: string) => Promise<Result<WriteKey, SignedKeyRefusal> | undefined>

interface SignedKeyRingOptions {
  signingKeys: readonly SigningKey[]
  revoked: readonly Revocation[]
  now: () => number
  hmac: Platform['hmac']
}

/**
 * Tries every signing key, and looks at what a key says only once its signature was found to be right: the time taken
 * tells nothing about any secret, and nobody else's JSON is parsed.
 */
export function createSignedKeyRing({ signingKeys, revoked, now, hmac }: SignedKeyRingOptions): SignedKeyRing {
  return async function readSignedKey(presented) {
    const parts = splitKey(presented)
    if (!parts) return
    const { signed, signature } = parts
    const found = await Promise.all(
      signingKeys.map(async ({ secret }) => sameText(await signText(secret, signed, hmac), signature)),
    )
    if (!found.includes(true)) return
    const claims = readClaims(signed)
    // Signed by ours, and not understood: by a later release, for all we know.
    if (!claims.ok) return
    const refusal = refuseClaims(claims.value, revoked, now())
    if (refusal) return fail(refusal)
    const { kid: _kid, iat: _iat, exp: _exp, token, ...terms } = claims.value
    const tokenSecrets =
      token && (await Promise.all(signingKeys.map(({ secret }) => toTokenSecret(terms.id, secret, hmac))))
    return ok({ key: presented, ...terms, ...(tokenSecrets && { tokenSecrets }) })
  }
}

function refuseClaims(
  { id, iat, exp }: KeyClaims,
  revoked: readonly Revocation[],
  now: number,
): SignedKeyRefusal | undefined {
  if (exp !== undefined && exp * 1000 <= now) {
    return { reason: 'expired_key', expiredAt: new Date(exp * 1000).toISOString() }
  }
  const isRevoked = revoked.some((each) => each.id === id && iat * 1000 < Date.parse(each.before))
  if (isRevoked) return { reason: 'revoked_key' }
}
