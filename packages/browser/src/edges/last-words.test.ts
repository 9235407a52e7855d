import { afterEach, expect, test, vi } from 'vitest'
import { lastWordsContract } from '../../test/last-words-contract.ts'
import { createLastWords } from './last-words.ts'

lastWordsContract('localStorage', createLastWords)

afterEach(() => {
  vi.restoreAllMocks()
})

test('a storage that is full keeps nothing, and says so', () => {
  const words = createLastWords('full')
  // Five million characters are what every engine allows a site at most.
  expect(words.write('a', 'x'.repeat(6_000_000))).toBe(false)
  expect(words.read()).toEqual([])
})

test('a storage that the page may not use keeps nothing, and nothing is thrown', () => {
  vi.spyOn(window, 'localStorage', 'get').mockImplementation(() => {
    throw new DOMException('denied', 'SecurityError')
  })
  const words = createLastWords('denied')
  expect(words.write('a', '1')).toBe(false)
  expect(words.read()).toEqual([])
  words.remove(['a'])
})
