import { expect, test } from 'vitest'
import { PREFERENCE, parsePrefer } from './prefer.ts'

test.each<[header: string, wait: number, applied: string]>([
  ['wait=10', 10_000, 'wait=10'],
  ['respond-async', 3_000, 'respond-async'],
  ['respond-async, wait=10', 10_000, 'respond-async, wait=10'],
  ['wait=10, respond-async', 10_000, 'respond-async, wait=10'],
  ['WAIT = "5" ; strict, Respond-Async', 5_000, 'respond-async, wait=5'],
  ['return=minimal; foo="bar", wait=0', 0, 'wait=0'],
  ['foo="x,wait=1", bar="\\",wait=2,\\"", wait=3', 3_000, 'wait=3'],
  ['wait=1, wait=9', 1_000, 'wait=1'],
  ['wait=soon, respond-async', 3_000, 'respond-async'],
  ['wait=007', 7_000, 'wait=7'],
  [`${' '.repeat(9)}wait \t = \t "8" \t ; x, \t respond-async \t `, 8_000, 'respond-async, wait=8'],
])('%s', (header, wait, applied) => {
  expect(parsePrefer(header, 3_000)).toEqual({ wait, applied })
})

test.each([
  undefined,
  '',
  'return=minimal',
  'wait',
  'wait=',
  'wait=-1',
  'wait=1.5',
  'wait=9999999999',
  ',;=,',
  'foo="x,respond-async,y"',
  'foo="x,respond-async',
  'foo="\\",respond-async,\\',
  `respond-async${' '.repeat(9)}x`,
  `wait=${' '.repeat(9)}1 x`,
])('asks for nothing of ours: %s', (header) => {
  expect(parsePrefer(header, 3_000)).toBeUndefined()
})

test('nowhere may a run of spaces be divided between two parts of the pattern, which would try each way of it', () => {
  expect(PREFERENCE.source).toContain('[^\\s=;]+')
  expect(PREFERENCE.source.replaceAll(/\[[^\]]*\]/g, '')).not.toMatch(/(\\s| )[*+{]/)
})
