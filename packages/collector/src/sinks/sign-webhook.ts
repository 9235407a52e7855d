import { type Bytes, concat } from '../core/bytes.ts'
import { ConfigurationError } from '../core/configuration-error.ts'

/** The `webhook-signature` of a body. */
export type Signer = (id: string, timestamp: number, body: Bytes) => Promise<string>

const encoder = new TextEncoder()

/** Signs as Standard Webhooks does: HMAC-SHA256 over id, timestamp and body, in version `v1`. */
export function createSigner(secret: string): Signer {
  const bytes = toSecretBytes(secret)
  if (bytes.length === 0) throw new ConfigurationError('webhook secret: it is empty; set one or leave it out.')
  let key: CryptoKey | undefined
  return async function sign(id, timestamp, body) {
    key ??= await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    const signature = await crypto.subtle.sign('HMAC', key, concat([encoder.encode(`${id}.${timestamp}.`), body]))
    return `v1,${btoa(String.fromCharCode(...new Uint8Array(signature)))}`
  }
}

function toSecretBytes(secret: string): Bytes {
  if (!secret.startsWith('whsec_')) return encoder.encode(secret)
  try {
    return Uint8Array.from(atob(secret.slice('whsec_'.length)), (character) => character.charCodeAt(0))
  } catch {
    throw new ConfigurationError("webhook secret: after 'whsec_' it must be base64.")
  }
}
