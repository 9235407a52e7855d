import { isTimestamp } from '@waybill/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { timestamp } from './timestamp.ts'

test('an instant is written in UTC, to the millisecond', () => {
  expect(timestamp(0)).toBe('1970-01-01T00:00:00.000Z')
  expect(timestamp(Date.UTC(2026, 10, 22, 10, 0, 0, 123))).toBe('2026-11-22T10:00:00.123Z')
})

test.each([
  ['before 1970', -1, '1970-01-01T00:00:00.000Z'],
  ['before Christ', -8.64e15, '1970-01-01T00:00:00.000Z'],
  ['after 9999', 253_402_300_800_000, '9999-12-31T23:59:59.999Z'],
  ['after time itself', 8.64e15 + 1, '9999-12-31T23:59:59.999Z'],
  ['that never comes', Number.POSITIVE_INFINITY, '9999-12-31T23:59:59.999Z'],
])('a clock that shows an instant %s is written as the nearest that the protocol takes', (_when, ms, text) => {
  expect(timestamp(ms)).toBe(text)
  expect(isTimestamp(timestamp(ms))).toBe(true)
})

test('of two instants, a moment or years apart, each is written as the platform writes it', () => {
  const instant = fc.double({ min: 0, max: 253_402_300_799_999, noNaN: true })
  const distance = fc.double({ min: -2_000, max: 2_000, noNaN: true })
  fc.assert(
    fc.property(instant, distance, instant, (one, by, other) => {
      for (const ms of [one, Math.max(one + by, 0), other, Math.round(one), Math.round(other)]) {
        expect(timestamp(ms)).toBe(new Date(Math.min(ms, 253_402_300_799_999)).toISOString())
      }
    }),
  )
})
