import { fromBase64url, toBase64url } from './base64url.ts'
import { type Hmac, signText } from './hmac-sha256.ts'
import { checkTerms, type KeyTerms } from './key-terms.ts'
import { fail, ok, type Result } from './result.ts'

/*
 * A signed key is `wk_<claims>.<signature>`: the claims as JSON in base64url, then the HMAC-SHA256 of all text before the
 * dot, in base64url. A key without a dot is a plain one. It names a site and what the site may do, and is no secret.
 */

/** What a signed key says. */
export interface KeyClaims extends KeyTerms {
  /** The id of the signing key. */
  readonly kid: string
  /** When it was signed, in seconds since 1970. */
  readonly iat: number
  /** When it expires, in seconds since 1970. Default: never. */
  readonly exp?: number
  /** Whether each batch must bring a token that the site's backend has minted, see {@link toTokenSecret}. */
  readonly token?: 'required'
}

/** What keys are signed with. */
export interface SigningKey {
  /** Says in a key which secret signed it, `[A-Za-z0-9_-]`. */
  readonly id: string
  /** At least 32 characters. */
  readonly secret: string
}

/** So long may a key be: it travels in a URL, and some servers take no more than 8,192 characters for all of it. */
export const MAX_KEY_LENGTH = 2_048

/** Below this many characters a secret is refused: RFC 7518, section 3.2 asks for 256 bits. */
export const MIN_SECRET_LENGTH = 32

const encoder = new TextEncoder()

/** Throws a RangeError, with the setting and the mend, for claims that nobody would take. */
export async function signKey(claims: KeyClaims, secret: string, hmac: Hmac): Promise<string> {
  const fault = checkClaims(claims)
  if (fault) throw new RangeError(fault)
  const signed = `wk_${toBase64url(encoder.encode(JSON.stringify(claims)))}`
  const key = `${signed}.${await signText(secret, signed, hmac)}`
  if (key.length > MAX_KEY_LENGTH) {
    throw new RangeError(`the key would have ${key.length} characters; at most ${MAX_KEY_LENGTH}: use fewer origins.`)
  }
  return key
}

/**
 * The two parts of what looks like a signed key. The signature is {@link signText} of the other, and is compared as text:
 * other letters for the same bytes are another key.
 */
export function splitKey(key: string): { signed: string; signature: string } | undefined {
  if (key.length > MAX_KEY_LENGTH) return
  const [, signed, signature] = /^(wk_[\w-]+)\.([\w-]{43})$/.exec(key) ?? []
  return signed === undefined || signature === undefined ? undefined : { signed, signature }
}

/**
 * Reads the part of a key before its dot. Nothing of it is to be believed before the signature was verified. A claim that
 * is not known is a fault: it may be a restriction.
 */
export function readClaims(signed: string): Result<KeyClaims, string> {
  const bytes = fromBase64url(signed.replace(/^wk_/, ''))
  try {
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    const fault = typeof claims === 'object' && claims !== null ? checkClaims(claims) : 'its claims are no object.'
    return fault === undefined ? ok(claims as KeyClaims) : fail(fault)
  } catch {
    return fail('its claims are not JSON.')
  }
}

function checkClaims(value: object): string | undefined {
  const { kid, iat, exp, token, ...terms } = value as Record<keyof KeyClaims, unknown>
  if (typeof kid !== 'string' || !/^[\w-]{1,64}$/.test(kid)) {
    return 'name the signing key with 1 to 64 of A-Z, a-z, 0-9, _ and -.'
  }
  if (!isSeconds(iat) || (exp !== undefined && !isSeconds(exp))) return 'iat and exp are in whole seconds since 1970.'
  if (token !== undefined && token !== 'required') return "token is 'required', or left out."
  return checkTerms(terms)
}

const isSeconds = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0

/**
 * The secret that the backend of a site signs tokens with, where its key is signed: every site has its own, and the
 * collector needs no list of them. Text, to be used as UTF-8.
 */
export const toTokenSecret = (id: string, secret: string, hmac: Hmac): Promise<string> =>
  signText(secret, `waybill token ${id}`, hmac)
