import { expect, test } from 'vitest'
import { createRemarks } from './remarks.ts'

const at = (line: number, kind: 'not_json' | 'foreign' = 'foreign', file = 'a') => ({ kind, file, line, detail: 'x' })

test('remarks about lines that follow each other are one', () => {
  const remarks = createRemarks()
  for (const each of [at(1), at(2), at(2), at(3), at(5), at(6, 'not_json'), at(7, 'not_json', 'b')]) remarks.add(each)
  expect(remarks.list).toEqual([{ ...at(1), through: 3 }, at(5), at(6, 'not_json'), at(7, 'not_json', 'b')])
  expect(remarks.counts).toEqual({ foreign: 5, not_json: 2 })
})

test('a file of nothing but another program’s lines fills no memory: after so many they are only counted', () => {
  const remarks = createRemarks(10)
  for (let line = 1; line <= 1_000; line += 2) remarks.add(at(line))
  expect(remarks.list).toHaveLength(10)
  expect(remarks.counts).toEqual({ foreign: 500 })
})
