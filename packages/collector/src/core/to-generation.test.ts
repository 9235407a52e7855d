import { expect, test } from 'vitest'
import { toGeneration } from './to-generation.ts'

test('a destination that is short is told whole', () => {
  expect(toGeneration('https://s3.example/events/')).toBe('https://s3.example/events/')
  expect(toGeneration('x'.repeat(256))).toBe('x'.repeat(256))
})

test('destinations that are long are told apart by their ends as well, in 256 characters', () => {
  const long = 'x'.repeat(300)
  const generations = [`${long}/a`, `${long}/b`, `a/${long}`].map(toGeneration)
  expect(new Set(generations).size).toBe(3)
  expect(generations.map(({ length }) => length)).toEqual([256, 256, 256])
})
