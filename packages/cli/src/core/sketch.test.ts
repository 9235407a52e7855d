import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addSketch, addValue, emptySketch, quantile } from './sketch.ts'

const values = fc.array(fc.integer({ min: -10_000_000, max: 10_000_000_000 }), { minLength: 1, maxLength: 200 })

test('each quantile is within 2 % of the value that has that rank', () => {
  fc.assert(
    fc.property(values, fc.nat(100), (values, percent) => {
      const sketch = emptySketch()
      for (const value of values) addValue(sketch, value)
      const sorted = values.toSorted((one, other) => one - other)
      const exact = sorted[Math.max(1, Math.ceil((percent / 100) * values.length)) - 1] as number
      expect(Math.abs((quantile(sketch, percent / 100) as number) - exact)).toBeLessThanOrEqual(
        Math.abs(exact) * 0.02 + 1e-9,
      )
    }),
  )
})

test('two sketches make the one that all values would have made', () => {
  fc.assert(
    fc.property(values, values, (some, others) => {
      const [one, other, all] = [emptySketch(), emptySketch(), emptySketch()]
      for (const value of some) addValue(one, value)
      for (const value of others) addValue(other, value)
      for (const value of [...some, ...others]) addValue(all, value)
      addSketch(one, other)
      expect(one).toEqual(all)
    }),
  )
})

test('a million delays take no more memory than their range does', () => {
  const sketch = emptySketch()
  for (let index = 0; index < 1_000_000; index++) addValue(sketch, 20 + ((index * 7_919) % 2_592_000_000))
  expect(sketch.counts.length).toBeLessThan(500)
})

test('no values have no quantile', () => {
  expect(quantile(emptySketch(), 0.5)).toBeUndefined()
})
