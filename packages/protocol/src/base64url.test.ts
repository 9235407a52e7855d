import { expect, test } from 'vitest'
import { fromBase64url, toBase64url } from './base64url.ts'

test('bytes of any length come back, in letters that a URL leaves alone', () => {
  for (let length = 0; length < 10; length++) {
    const bytes = Uint8Array.from({ length }, (_, index) => 255 - index * 7)
    expect(toBase64url(bytes)).toMatch(/^[\w-]*$/)
    expect(fromBase64url(toBase64url(bytes))).toEqual(bytes)
  }
})

test.each(['=', 'A', 'AA==', 'a b', 'a+b/', 'é', 'AAAA\n'])('%j is not base64url', (text) => {
  expect(fromBase64url(text)).toBeUndefined()
})
