import { expect, test } from 'vitest'
import { proveHeld } from './prove-held.ts'

const one = '01920000-0000-4000-8000-000000000001'
const other = '01920000-0000-4000-8000-000000000002'
const streams = new Map([
  [one, 5],
  [other, 2],
])

test('batches that cover each stream once are proved, in whichever order they come', () => {
  proveHeld('r2', [`${one}:3-5`, `${other}:1-2`, `${one}:1-2`], streams)
})

test.for([
  ['lacks the beginning', [`${one}:3-5`, `${other}:1-2`], `r2 lacks ${one}:1-2`],
  ['lacks a batch in the middle', [`${one}:1-1`, `${one}:4-5`, `${other}:1-2`], `r2 lacks ${one}:2-3`],
  ['lacks the end', [`${one}:1-4`, `${other}:1-2`], `r2 lacks ${one}:5-5`],
  ['lacks a stream', [`${one}:1-5`], `r2 lacks ${other}:1-2`],
  ['has an event twice', [`${one}:1-3`, `${one}:3-5`, `${other}:1-2`], `r2 holds ${one}:3-3 in two batches`],
  ['has more than there is', [`${one}:1-6`, `${other}:1-2`], `r2 holds ${one}:6-6, which nobody tracked`],
] as const)('a destination that %s is found out', ([, batchIds, fault]) => {
  expect(() => proveHeld('r2', batchIds, streams)).toThrow(fault)
})

test('a destination that holds what nobody tracked is found out', () => {
  const foreign = '01920000-0000-4000-8000-000000000003:1-1'
  expect(() => proveHeld('r2', [`${one}:1-5`, `${other}:1-2`, foreign], streams)).toThrow(`r2 holds ${foreign}`)
})
