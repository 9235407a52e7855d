import { expect, test } from 'vitest'
import { isOutdated } from './wish.ts'

test('a wish has given way to a later one that was done', () => {
  expect(isOutdated(10, 20, 30)).toBe(true)
  expect(isOutdated(20, 20, 30)).toBe(false)
  expect(isOutdated(30, 20, 30)).toBe(false)
})

test('one that was made after the clock was set back has not', () => {
  expect(isOutdated(10, 200, 30)).toBe(false)
  expect(isOutdated(100, 200, 30)).toBe(false)
})
