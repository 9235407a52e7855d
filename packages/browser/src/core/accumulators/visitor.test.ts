import { expect, test } from 'vitest'
import { T0 } from '../../../test/operations.ts'
import type { TrackedEvent } from '../accumulator.ts'
import { timestamp } from '../timestamp.ts'
import { visitor } from './visitor.ts'

const context = { idle: 0, streamId: 's', anonymousId: 'a1', measured: 0 }
const eventAt = (ms: number): TrackedEvent => ({ type: 'track', event: 'x', timestamp: timestamp(ms) })

test('a visitor was first seen at their first event, and all their events are counted', () => {
  const first = visitor.fold(visitor.initial, eventAt(T0), context)
  const second = visitor.fold(first, eventAt(T0 + 1), context)
  expect(first).toEqual({ anonymousId: 'a1', firstSeenAt: '2026-11-22T10:00:00.000Z', events: 1 })
  expect(second).toEqual({ ...first, events: 2 })
})
