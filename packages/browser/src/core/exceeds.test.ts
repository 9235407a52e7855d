import { byteLength } from '@waybill/protocol'
import { expect, test } from 'vitest'
import { exceeds } from './exceeds.ts'

test.each(['x', 'é', '€', '😀', '\ud83d', 'x€'])(
  'a text of %j takes as many bytes as its UTF-8, and not one more',
  (text) => {
    for (const times of [1, 2, 100]) {
      const long = text.repeat(times)
      expect(exceeds(long, byteLength(long))).toBe(false)
      expect(exceeds(long, byteLength(long) - 1)).toBe(true)
    }
  },
)
