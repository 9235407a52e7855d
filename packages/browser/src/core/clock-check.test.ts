import { expect, test } from 'vitest'
import { MINUTE, T0 } from '../../test/operations.ts'
import { type ClockCheck, checkClock, isSteady } from './clock-check.ts'

/** Looks at the clocks, first at T0. */
const check = (...looks: [now: number, uptime: number][]) =>
  looks.reduce<ClockCheck>(
    (before, [now, uptime]) => checkClock(before, T0 + now, uptime),
    checkClock(undefined, T0, 0),
  )

test('the first look takes the wall clock at its word', () => {
  expect(isSteady(check())).toBe(true)
})

test('a wall clock that goes on as the page’s own does is steady, however long nobody looked', () => {
  expect(isSteady(check([MINUTE, MINUTE], [9_000 * MINUTE, 9_000 * MINUTE + 900]))).toBe(true)
})

test.each([
  ['forward', 40 * 1_440 * MINUTE],
  ['back', -60 * MINUTE],
])('one that was set %s is not, until every page that runs has had its turn', (_where, by) => {
  expect(isSteady(check([by, 10]))).toBe(false)
  expect(isSteady(check([by, 10], [by + MINUTE, 10 + MINUTE]))).toBe(false)
  expect(isSteady(check([by, 10], [by + 2 * MINUTE, 10 + 2 * MINUTE]))).toBe(true)
})

test('one that is set twice begins to be doubted anew', () => {
  expect(isSteady(check([5_000, 10], [0, 70_000], [10_000, 80_000]))).toBe(false)
})
