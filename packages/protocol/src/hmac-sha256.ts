import { toBase64url } from './base64url.ts'

type Bytes = Uint8Array<ArrayBuffer>

const SHA_256 = { name: 'HMAC', hash: 'SHA-256' }

/** HMAC-SHA256 (RFC 2104). An empty secret throws. */
export async function hmacSha256(secret: Bytes, bytes: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', secret, SHA_256, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, bytes))
}

/** How bytes are authenticated under a secret: {@link hmacSha256}, or what a simulation has in its place. */
export type Hmac = typeof hmacSha256

const encoder = new TextEncoder()

/** The same of a text, in base64url: 43 letters. Secret and text are taken as UTF-8. */
export const signText = async (secret: string, text: string, hmac: Hmac): Promise<string> =>
  toBase64url(await hmac(encoder.encode(secret), encoder.encode(text)))
