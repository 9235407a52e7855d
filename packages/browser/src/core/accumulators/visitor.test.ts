import { expect, test } from 'vitest'
import { foldContext, seen, T0 } from '../../../test/operations.ts'
import { timestamp } from '../timestamp.ts'
import { visitor } from './visitor.ts'

const inSession = (number: number) => foldContext({ session: { id: `s${number}`, number } })

test('a visitor was first seen at their first event, and all their events and sessions are counted', () => {
  const first = visitor.fold(visitor.initial, seen(), inSession(1))
  const second = visitor.fold(first, seen({ timestamp: timestamp(T0 + 1) }), inSession(1))
  const third = visitor.fold(second, seen({ timestamp: timestamp(T0 + 2) }), inSession(2))
  expect(first).toEqual({ anonymousId: 'a1', firstSeenAt: '2026-11-22T10:00:00.000Z', sessions: 1, events: 1 })
  expect(second).toEqual({ ...first, events: 2 })
  expect(third).toEqual({ ...first, sessions: 2, events: 3 })
})

test('a value that is damaged begins anew', () => {
  expect(visitor.fold(42 as never, seen(), inSession(3))).toMatchObject({ sessions: 3, events: 1 })
})
