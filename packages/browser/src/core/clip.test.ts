import { byteLength } from '@waybill/protocol'
import { expect, test } from 'vitest'
import { clip } from './clip.ts'

test('a text that is short stays as it is', () => {
  expect(clip('naïve ✓', 10)).toBe('naïve ✓')
})

test.each([
  ['x', 100],
  ['é', 100],
  ['日', 66],
  ['"', 100],
  ['\u0001', 33],
  ['\ud800', 33],
])('of %j as many stay as fit 100 characters and 200 bytes of JSON', (character, many) => {
  const clipped = clip(character.repeat(1_000), 100)
  expect(clipped).toBe(character.repeat(many))
  expect(byteLength(JSON.stringify(clipped))).toBeLessThanOrEqual(202)
})
