import { type Bytes, concat } from '../core/bytes.ts'
import { checkText } from '../core/check-kind.ts'
import { ConfigurationError } from '../core/configuration-error.ts'

/** The `webhook-signature` of a body. */
export type Signer = (id: string, timestamp: number, body: Bytes) => Promise<string>

const encoder = new TextEncoder()

/**
 * Signs as Standard Webhooks does: HMAC-SHA256 over id, timestamp and body, in version `v1`. With several secrets there is
 * a signature of each, in their order, so that receivers can go over to the next one when they like.
 *
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function createSigner(secrets: readonly unknown[]): Signer {
  if (secrets.length === 0) throw new ConfigurationError('webhook secret: the list is empty; add one or leave it out.')
  const bytes = secrets.map(toSecretBytes)
  let keys: Promise<CryptoKey[]> | undefined
  return async function sign(id, timestamp, body) {
    keys ??= Promise.all(bytes.map(importKey))
    const signed = concat([encoder.encode(`${id}.${timestamp}.`), body])
    const signatures = (await keys).map(async (key) => {
      const signature = new Uint8Array(await crypto.subtle.sign('HMAC', key, signed))
      return `v1,${btoa(String.fromCharCode(...signature))}`
    })
    return (await Promise.all(signatures)).join(' ')
  }
}

const importKey = (bytes: Bytes): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])

function toSecretBytes(secret: unknown): Bytes {
  checkText('webhook secret', secret, 'set it, or leave it out, and nothing is signed')
  const bytes = decode(secret)
  if (bytes.length >= 24 && bytes.length <= 64) return bytes
  throw new ConfigurationError(
    `webhook secret: use 24 to 64 random bytes, as in 'whsec_' and \`openssl rand -base64 24\`; it has ${bytes.length}.`,
  )
}

function decode(secret: string): Bytes {
  if (!secret.startsWith('whsec_')) return encoder.encode(secret)
  try {
    return Uint8Array.from(atob(secret.slice('whsec_'.length)), (character) => character.charCodeAt(0))
  } catch {
    throw new ConfigurationError("webhook secret: after 'whsec_' it must be base64.")
  }
}
