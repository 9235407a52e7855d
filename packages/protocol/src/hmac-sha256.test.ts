import { expect, test } from 'vitest'
import { fromBase64url } from './base64url.ts'
import { hmacSha256, signText } from './hmac-sha256.ts'

const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')

// RFC 4231, sections 4.2 and 4.3: the two whose keys are UTF-8.
test.each([
  ['\u000b'.repeat(20), 'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  ['Jefe', 'what do ya want for nothing?', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
])('HMAC-SHA256 of the RFC: key %j', async (secret, text, mac) => {
  expect(hex(fromBase64url(await signText(secret, text, hmacSha256)) ?? new Uint8Array())).toBe(mac)
})
