import type { ProblemCode } from '@waybill/protocol'
import type { ReceiptFault, WriteKey } from '../../src/index.ts'
import { NOW } from '../batches.ts'
import {
  keys,
  mac,
  receiptKeys,
  revoked,
  type Subject,
  signatureOf,
  signingKeys,
  sinkTerms,
  tagOf,
  tokenSecretOf,
} from './world.ts'

/** What a site may do: whose key it is, or why it is nobody's. */
type Site = Pick<WriteKey, 'id' | 'origins' | 'tokenSecrets'>

export function authenticate(key: string | undefined, origin: string | null): Site | { refused: ProblemCode } {
  const site = key === undefined ? undefined : (keys.find((each) => each.key === key) ?? readSignedKey(key))
  if (!site) return { refused: 'unknown_key' }
  if ('refused' in site) return site
  const allows = site.origins === 'server' ? origin === null : origin !== null && site.origins.includes(origin)
  return allows ? site : { refused: 'origin_not_allowed' }
}

/** What may stand in a signed key. One that is not known may be a restriction. */
const CLAIMS = ['kid', 'iat', 'exp', 'token', 'id', 'origins', 'sinks', 'limits', 'rate']

function readSignedKey(key: string): Site | { refused: ProblemCode } | undefined {
  const [signed = '', signature, more] = key.split('.')
  if (key.length > 2_048 || !signed.startsWith('wk_') || more !== undefined) return
  if (!signingKeys.some(({ secret }) => mac(secret, signed) === signature)) return
  const claims = parseObject(signed.slice(3))
  if (!claims || Object.keys(claims).some((name) => !CLAIMS.includes(name))) return
  const { id, kid, iat, exp, origins, token } = claims
  const isTime = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0
  if (typeof id !== 'string' || typeof kid !== 'string' || !isTime(iat) || !Array.isArray(origins)) return
  if (!/^[a-z0-9_-]+$/.test(id) || (exp !== undefined && !isTime(exp))) return
  if (token !== undefined && token !== 'required') return
  if (exp !== undefined && exp <= NOW / 1000) return { refused: 'expired_key' }
  if (revoked.some((each) => each.id === id && iat < Date.parse(each.before) / 1000)) return { refused: 'revoked_key' }
  const tokenSecrets = token ? signingKeys.map(({ secret }) => tokenSecretOf(id, secret)) : undefined
  return { id, origins, ...(tokenSecrets && { tokenSecrets }) }
}

/** RFC 7519, signed as HS256, with `exp` and the site in `aud`; clocks may be a minute apart. */
export function refuseToken(
  token: string | undefined,
  secrets: readonly string[],
  audience: string,
): ProblemCode | undefined {
  if (token === undefined) return 'token_required'
  const [head = '', body = '', signature, more] = token.split('.')
  if (more !== undefined || !secrets.some((secret) => mac(secret, `${head}.${body}`) === signature)) {
    return 'token_invalid'
  }
  const [header, claims] = [parseObject(head), parseObject(body)]
  if (!header || !claims || header.alg !== 'HS256' || 'crit' in header) return 'token_invalid'
  const { exp, nbf, aud } = claims
  const now = NOW / 1000
  if (typeof exp !== 'number' || !(exp > 0) || exp > 8.64e12) return 'token_invalid'
  if (exp <= now - 60) return 'token_expired'
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf > 0 && nbf <= now + 60)) return 'token_invalid'
  return aud === audience || (Array.isArray(aud) && aud.includes(audience)) ? undefined : 'token_invalid'
}

/** Whether the sink is passed over on the word of a receipt, or why it is not. */
export function judgeReceipt(receipt: string, subject: Subject): 'skips' | 'skips nothing' | ReceiptFault {
  const [version, id = '', issued = '', expires = '', taken = '', tags = '', signature = '', ...more] =
    receipt.split('.')
  const isTime = (text: string) => /^[0-9a-z]{1,9}$/.test(text)
  const isForm =
    version === '2' &&
    more.length === 0 &&
    /^[A-Za-z0-9_-]{1,16}$/.test(id) &&
    isTime(issued) &&
    isTime(expires) &&
    /^[0-9a-z]{1,4}(-[0-9a-z]{1,4}){3}$/.test(taken) &&
    tags.length % 12 === 0 &&
    /^[A-Za-z0-9_-]*$/.test(tags) &&
    /^[A-Za-z0-9_-]{43}$/.test(signature)
  if (!isForm) return 'malformed'
  const key = receiptKeys.find((each) => each.id === id)
  if (!key) return 'unknown_key'
  const claim = ['2', id, issued, expires, taken, tags].join('.')
  if (signatureOf(key.secret, claim, subject) !== signature) return 'mismatch'
  if (Number.parseInt(expires, 36) * 1000 <= NOW) return 'expired'
  const named = Array.from({ length: tags.length / 12 }, (_, index) => tags.slice(12 * index, 12 * index + 12))
  return named.includes(tagOf(key.secret, sinkTerms)) ? 'skips' : 'skips nothing'
}

function parseObject(base64url: string): Record<string, unknown> | undefined {
  try {
    const bytes = Buffer.from(base64url, 'base64url')
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return
  }
}
