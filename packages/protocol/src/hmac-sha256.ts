const SHA_256 = { name: 'HMAC', hash: 'SHA-256' }
const encoder = new TextEncoder()

/** HMAC-SHA256 (RFC 2104) of a text under a secret, both as UTF-8. An empty secret throws. */
export async function hmacSha256(secret: string, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), SHA_256, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(text)))
}

/** How a text is authenticated under a secret: {@link hmacSha256}, or what a simulation has in its place. */
export type Hmac = typeof hmacSha256
