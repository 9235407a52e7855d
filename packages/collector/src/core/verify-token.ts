import { fromBase64url, signText } from '@waybill/protocol'
import type { Platform } from './platform.ts'
import type { Refusal, TokenFault } from './refusal.ts'
import { sameText } from './same-text.ts'

type TokenRefusal = Extract<Refusal, { reason: 'token_required' | 'token_invalid' | 'token_expired' }>

/** How far the clocks of a backend and of the collector may be apart, in seconds. */
const LEEWAY = 60

interface Verification {
  secrets: readonly string[]
  /** The id of the write key. */
  audience: string
  now: number
  hmac: Platform['hmac']
}

/**
 * Why a token does not let a batch in. A token is a JWT (RFC 7519) signed as HS256, whatever its header says, with
 * `exp` and with the write key's id as `aud`. Nothing else in it counts: it speaks for the page that sends, and events may be older
 * than whoever is there now. Tries every secret, and reads nothing that is not signed.
 */
export async function refuseToken(
  token: string | undefined,
  { secrets, audience, now, hmac }: Verification,
): Promise<TokenRefusal | undefined> {
  const invalid = (fault: TokenFault): TokenRefusal => ({ reason: 'token_invalid', fault })
  if (token === undefined) return { reason: 'token_required' }
  const [, signed = '', head = '', body = '', signature = ''] = /^(([\w-]+)\.([\w-]+))\.([\w-]+)$/.exec(token) ?? []
  if (signed === '') return invalid('malformed')
  const found = await Promise.all(
    secrets.map(async (secret) => sameText(await signText(secret, signed, hmac), signature)),
  )
  if (!found.includes(true)) return invalid('signature')
  const header = readObject(head)
  const claims = readObject(body)
  if (!header || !claims) return invalid('malformed')
  // RFC 8725, section 3.1 and RFC 7515, section 4.1.11: what it says of itself has to be what was done.
  if (header.alg !== 'HS256' || header.crit !== undefined) return invalid('algorithm')
  const { exp, nbf, aud } = claims
  if (!isTime(exp)) return invalid('expiry')
  if (exp + LEEWAY <= now / 1000) return { reason: 'token_expired', expiredAt: new Date(exp * 1000).toISOString() }
  if (nbf !== undefined && !(isTime(nbf) && nbf - LEEWAY <= now / 1000)) return invalid('not_yet')
  if (![aud].flat().includes(audience)) return invalid('audience')
}

/** Seconds since 1970, as far as a `Date` can tell them. */
const isTime = (value: unknown): value is number => typeof value === 'number' && value > 0 && value <= 8.64e12

function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fromBase64url(text)))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return
  }
}
