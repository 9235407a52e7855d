import { expect, test } from 'vitest'
import { fingerprint, withoutFingerprint } from './fingerprint.ts'

// https://datatracker.ietf.org/doc/html/draft-eastlake-fnv#appendix-C, test vectors of FNV-1a, 64 bits.
test.each([
  ['', 'cbf29ce484222325'],
  ['a', 'af63dc4c8601ec8c'],
  ['foobar', '85944171f73967e8'],
])('the fingerprint of %j is that of the FNV-1a test vectors', (text, hash) => {
  expect(fingerprint(text)).toBe(hash)
})

test.each([
  ['https://example.com', `https://example.com ${fingerprint('secret')}`],
  ['', fingerprint('secret')],
  ['https://example.com/events', 'https://example.com/events'],
  ['', ''],
])('%j is what is shown of %j', (shown, text) => {
  expect(withoutFingerprint(text)).toBe(shown)
})
