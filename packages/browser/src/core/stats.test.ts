import { expect, test } from 'vitest'
import { createMint, environment, T0, tracked } from '../../test/operations.ts'
import { type Delivery, emptyDelivery } from './records.ts'
import { stamp } from './stamp.ts'
import { toStats } from './stats.ts'

const { state, lines } = stamp(
  undefined,
  emptyDelivery,
  [{ operations: [tracked('a', { at: T0 - 5_000 }), tracked('b'), tracked('c')] }],
  environment({ mint: createMint(), refused: 4 }),
)
const oldest = lines[0]?.text
const delivery: Delivery = { ...emptyDelivery, forgotten: { lines: 1, bytes: 100 }, recorded: 1, rejected: 2 }

test('a new buffer is empty', () => {
  expect(toStats('durable', T0, { delivery: emptyDelivery })).toEqual({
    storage: 'durable',
    seq: 0,
    state: { registered: {} },
    pending: 0,
    bytes: 0,
    cuts: 0,
    recorded: 0,
    rejected: 0,
    dropped: 0,
  })
})

test('what was put in and not forgotten is waiting', () => {
  expect(toStats('memory', T0, { state, delivery, oldest })).toMatchObject({
    storage: 'memory',
    streamId: state.stream.streamId,
    seq: 3,
    pending: 2,
    bytes: state.appended.bytes - 100,
    oldestAt: '2026-11-22T09:59:55.000Z',
    recorded: 1,
    rejected: 2,
    dropped: 4,
  })
})

test('a wait is told while it lasts', () => {
  const wait = { since: T0, until: T0 + 5_000, byServer: true }
  expect(toStats('durable', T0, { state, delivery: { ...delivery, wait } }).retryAt).toBe('2026-11-22T10:00:05.000Z')
  expect(toStats('durable', T0 + 5_000, { state, delivery: { ...delivery, wait } }).retryAt).toBeUndefined()
})

test('what last went wrong is told', () => {
  const lastError = { code: 'outage', detail: 'reset', at: '2026-11-22T10:00:00.000Z' }
  expect(toStats('durable', T0, { state, delivery: { ...delivery, lastError } }).lastError).toEqual(lastError)
})

test('after the state record was lost nothing is counted below zero', () => {
  const { pending, bytes } = toStats('durable', T0, { delivery })
  expect([pending, bytes].every((count) => count >= 0)).toBe(true)
})

test('a line that somebody has damaged hides only its own age', () => {
  const damaged = toStats('durable', T0, { state, delivery, oldest: '{"streamId":' })
  expect(damaged).toMatchObject({ pending: 2, seq: 3 })
  expect(damaged.oldestAt).toBeUndefined()
})
