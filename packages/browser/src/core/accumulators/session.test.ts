import { expect, test } from 'vitest'
import { MINUTE, T0 } from '../../../test/operations.ts'
import type { TrackedEvent } from '../accumulator.ts'
import { timestamp } from '../timestamp.ts'
import { type Session, session } from './session.ts'

const streamId = '00000000-0000-7000-8000-000000000001'
const eventAt = (ms: number): TrackedEvent => ({ type: 'track', event: 'x', timestamp: timestamp(ms) })
const after = (idle: number) => ({ idle, streamId, anonymousId: 'a', measured: 0 })

const first = session({}).fold(session({}).initial, eventAt(T0), after(T0))

test('a person’s first event begins session 1', () => {
  expect(first).toEqual({ id: `${streamId}.s1`, number: 1, startedAt: '2026-11-22T10:00:00.000Z', events: 1 })
})

test('events within half an hour of each other are of one session, and are counted', () => {
  const { fold } = session({})
  const second = fold(first, eventAt(T0 + 30 * MINUTE), after(30 * MINUTE))
  const third = fold(second, eventAt(T0 + 59 * MINUTE), after(29 * MINUTE))
  expect([second, third]).toEqual([
    { ...first, events: 2 },
    { ...first, events: 3 },
  ])
})

test('after more than half an hour without an event the next one begins another', () => {
  const at = T0 + 30 * MINUTE + 1
  expect(session({}).fold({ ...first, events: 9 }, eventAt(at), after(30 * MINUTE + 1))).toEqual({
    id: `${streamId}.s2`,
    number: 2,
    startedAt: timestamp(at),
    events: 1,
  })
})

test('the time can be chosen', () => {
  const { fold } = session({ sessionTimeout: 1_000 })
  expect(fold(first, eventAt(T0), after(1_000)).number).toBe(1)
  expect(fold(first, eventAt(T0), after(1_001)).number).toBe(2)
})

test('a clock that is set back ends nothing', () => {
  expect(session({}).fold(first, eventAt(0), after(-T0)).number).toBe(1)
})

test('the value that it was handed stays as it was', () => {
  const value: Session = Object.freeze({ ...first })
  expect(session({}).fold(value, eventAt(T0), after(0))).not.toBe(value)
})
