import { expect, test } from 'vitest'
import { parsePrefer } from './prefer.ts'

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
  ['wait=5 5, wait=7', 7_000, 'wait=7'],
  ['foo="a;b", wait="8" ; x', 8_000, 'wait=8'],
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
  'wait 5',
  'wait="5',
  '=5',
  'respond-async later',
  ',;=,',
  'foo="x,respond-async,y"',
  'foo="x,respond-async',
  'foo="\\",respond-async,\\',
  `respond-async${' '.repeat(9)}x`,
  `wait=${' '.repeat(9)}1 x`,
])('asks for nothing of ours: %s', (header) => {
  expect(parsePrefer(header, 3_000)).toBeUndefined()
})

// A pattern that can part the spaces in more than one way tries eight billion of them, and this test does not end.
test('asks for nothing of ours, however long it is', () => {
  for (const header of [`a${' '.repeat(131_072)}b`, `wait=${' '.repeat(131_072)}5 5`]) {
    expect(parsePrefer(header, 3_000)).toBeUndefined()
  }
})
