import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addRange, countSeqs, includes, intersect, type Range, type Ranges, without } from './ranges.ts'

const additions = fc.array(
  fc.record({
    first: fc.integer({ min: 1, max: 40 }),
    length: fc.integer({ min: 1, max: 9 }),
    label: fc.constantFrom('a', 'b'),
  }),
  { maxLength: 30 },
)

const seqs = (ranges: readonly Range<unknown>[]) =>
  ranges.flatMap(({ first, last, label }) => Array.from({ length: last - first + 1 }, (_, at) => [first + at, label]))

test('ranges hold what a Map of every seq would, whatever is added in whatever order', () => {
  fc.assert(
    fc.property(additions, fc.integer({ min: 1, max: 50 }), (additions, seq) => {
      const ranges: Ranges<string> = []
      const all = new Map<number, string>()
      for (const { first, length, label } of additions) {
        const last = first + length - 1
        const there = [...all].filter(([each]) => each >= first && each <= last).sort(([one], [other]) => one - other)
        expect(seqs(addRange(ranges, first, last, label))).toEqual(there)
        for (let each = first; each <= last; each++) if (!all.has(each)) all.set(each, label)
      }
      const sorted = [...all].sort(([one], [other]) => one - other)
      expect(seqs(ranges.flat())).toEqual(sorted)
      expect(countSeqs(ranges.flat())).toBe(all.size)
      expect(includes(ranges, seq)).toBe(all.has(seq))
      expect(seqs(intersect(ranges, seq, seq + 5))).toEqual(sorted.filter(([each]) => each >= seq && each <= seq + 5))
      const missing = [0, 1, 2, 3, 4, 5].map((each) => seq + each).filter((each) => !all.has(each))
      expect(seqs(without(ranges, seq, seq + 5)).map(([each]) => each)).toEqual(missing)
      // Neighbours with one label are one: memory grows with gaps.
      for (const [index, { first, label }] of ranges.flat().entries()) {
        const before = ranges.flat()[index - 1]
        expect(before?.last === first - 1 && before.label === label).toBe(false)
      }
    }),
  )
})

test('a stream in order is one range, however long', () => {
  const ranges: Ranges = []
  for (let seq = 1; seq <= 10_000; seq++) addRange(ranges, seq, seq, undefined)
  expect(ranges).toEqual([[{ first: 1, last: 10_000 }]])
})

test('what comes in any order lies in blocks, and is one range when all is there', () => {
  const ranges: Ranges = []
  const seqs = fc.sample(
    fc.shuffledSubarray(
      Array.from({ length: 5_000 }, (_, at) => at + 1),
      { minLength: 5_000 },
    ),
    1,
  )
  const [order = []] = seqs
  const gap = order.filter((seq) => seq % 2 === 1)
  for (const seq of gap) addRange(ranges, seq, seq, undefined)
  expect(ranges.flat().map(({ first }) => first)).toEqual(gap.toSorted((one, other) => one - other))
  const covered = structuredClone(ranges)
  addRange(covered, 100, 4_900, undefined)
  expect(covered.flat().slice(49, 51)).toEqual([
    { first: 99, last: 4_901 },
    { first: 4_903, last: 4_903 },
  ])
  expect(Math.max(...ranges.map((block) => block.length))).toBeLessThanOrEqual(256)
  for (const seq of order) addRange(ranges, seq, seq, undefined)
  expect(ranges).toEqual([[{ first: 1, last: 5_000 }]])
})
