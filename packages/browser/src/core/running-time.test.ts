import { expect, test } from 'vitest'
import { MINUTE } from '../../test/operations.ts'
import { readRunningTime } from './running-time.ts'

const ranAfter = (...uptimes: number[]) =>
  uptimes.reduce((time, uptime) => readRunningTime(time, uptime), { uptime: 0, ran: 0 }).ran

test('a page that is looked at now and then has run all the time', () => {
  expect(ranAfter(15_000, 15_001, 30_000)).toBe(30_000)
})

test('a hidden page that wakes once a minute has run all the time', () => {
  expect(ranAfter(MINUTE, 2 * MINUTE, 3 * MINUTE)).toBe(3 * MINUTE)
})

test('a laptop that slept for three hours has not run, where the clock of its browser goes on', () => {
  expect(ranAfter(10_000, 180 * MINUTE, 180 * MINUTE + 5_000)).toBe(15_000)
})

test('nor where it stands still', () => {
  expect(ranAfter(10_000, 10_000, 15_000)).toBe(15_000)
})
