import { describe, expect, test } from 'vitest'
import { createMint, environment, T0, tracked } from '../../test/operations.ts'
import { type Delivery, emptyDelivery } from './records.ts'
import { stamp } from './stamp.ts'
import { type Holdings, toStats } from './stats.ts'

const { state, lines } = stamp(
  undefined,
  emptyDelivery,
  [{ operations: [tracked('a', { at: T0 - 5_000 }), tracked('b'), tracked('c')] }],
  environment({ mint: createMint(), refused: 4 }),
)
const delivery: Delivery = { ...emptyDelivery, forgotten: { lines: 1, bytes: 100 }, recorded: 1, rejected: 2, shed: 3 }
const holdings: Holdings = { state, delivery, pending: 2, oldest: lines[0]?.text }
const empty: Holdings = { delivery: emptyDelivery, pending: 0 }

const page = { storage: 'durable', consent: 'granted', held: 0, refused: 0, tab: 'this', now: T0 } as const
const statsOf = (given: Partial<Delivery>, now = T0) =>
  toStats([{ ...holdings, delivery: { ...delivery, ...given } }], { ...page, now })

test('a new buffer is empty', () => {
  expect(toStats([empty], page)).toEqual({
    storage: 'durable',
    consent: 'granted',
    seq: 0,
    state: { registered: {} },
    pending: 0,
    bytes: 0,
    cuts: 0,
    attempts: 0,
    recorded: 0,
    rejected: 0,
    shed: 0,
    dropped: 0,
    stuck: false,
  })
})

test('what was put in and not forgotten is waiting', () => {
  expect(toStats([holdings], page)).toMatchObject({
    streamId: state.stream?.streamId,
    seq: 3,
    pending: 2,
    bytes: state.appended.bytes - 100,
    oldestAt: '2026-11-22T09:59:55.000Z',
    recorded: 1,
    rejected: 2,
    shed: 3,
    dropped: 4,
  })
})

test('what waits for consent waits as well', () => {
  expect(toStats([holdings], { ...page, consent: 'pending', held: 5 })).toMatchObject({
    consent: 'pending',
    pending: 7,
  })
})

test('a wait is told while it lasts', () => {
  const wait = { since: T0, until: T0 + 5_000, byServer: true }
  expect(statsOf({ wait }).retryAt).toBe('2026-11-22T10:00:05.000Z')
  expect(statsOf({ wait }, T0 + 5_000).retryAt).toBeUndefined()
})

test('a wait that a clock which was set back would make years long is none', () => {
  const wait = { since: T0, until: T0 + 5_000, byServer: true }
  expect(statsOf({ wait }, T0 - 1).retryAt).toBeUndefined()
  expect(statsOf({ wait }, T0 - 365 * 86_400_000).retryAt).toBeUndefined()
})

test('what last went wrong is told', () => {
  const lastError = { code: 'outage', detail: 'reset', at: '2026-11-22T10:00:00.000Z' }
  expect(statsOf({ lastError })).toMatchObject({ lastError, stuck: false })
})

test('a batch that the collector itself refuses is stuck', () => {
  const lastError = { code: 'unknown_key', detail: '', at: '2026-11-22T10:00:00.000Z', refused: true }
  expect(statsOf({ lastError }).stuck).toBe(true)
})

test('who presents a batch is told for as long as a presentation may last', () => {
  const by = (tab: string) => ({ presenting: { tab, since: T0, until: T0 + 40_000 } })
  expect(statsOf(by('this')).flushing).toBe('here')
  expect(statsOf(by('another')).flushing).toBe('elsewhere')
  expect(statsOf(by('another'), T0 + 40_000).flushing).toBeUndefined()
})

test('how many batches are cut is told, and how often the first was presented', () => {
  const list = [{ attempt: 7 }, { attempt: 0 }] as Delivery['list']
  expect(statsOf({ list })).toMatchObject({ cuts: 2, attempts: 7 })
})

describe('of two buffers', () => {
  const memory = stamp(
    undefined,
    emptyDelivery,
    [{ operations: [tracked('m', { at: T0 - 60_000 })] }],
    environment({ mint: createMint(() => T0), refused: 1 }),
  )
  const inMemory: Holdings = {
    state: memory.state,
    delivery: { ...emptyDelivery, recorded: 10, rejected: 20, shed: 30, list: [{ attempt: 9 }] as Delivery['list'] },
    pending: 1,
    oldest: memory.lines[0]?.text,
  }

  test('the counts add up, and the stream is that of new events', () => {
    expect(toStats([inMemory, holdings], { ...page, storage: 'memory' })).toMatchObject({
      storage: 'memory',
      streamId: memory.state.stream?.streamId,
      seq: 1,
      pending: 3,
      bytes: memory.state.appended.bytes + state.appended.bytes - 100,
      oldestAt: '2026-11-22T09:59:00.000Z',
      cuts: 1,
      attempts: 9,
      recorded: 11,
      rejected: 22,
      shed: 33,
      dropped: 5,
    })
  })

  test('the trouble of either is told', () => {
    const lastError = { code: 'outage', detail: '', at: '2026-11-22T10:00:00.000Z' }
    const wait = { since: T0, until: T0 + 5_000, byServer: false }
    const troubled = { ...holdings, delivery: { ...delivery, lastError, wait } }
    expect(toStats([inMemory, troubled], page)).toMatchObject({ lastError, retryAt: '2026-11-22T10:00:05.000Z' })
  })
})

test('after the state record was lost nothing is counted below zero', () => {
  const { pending, bytes } = toStats([{ delivery, pending: 0 }], page)
  expect([pending, bytes].every((count) => count >= 0)).toBe(true)
})

test('a line that somebody has damaged hides only its own age', () => {
  const damaged = toStats([{ ...holdings, oldest: '{"streamId":' }], page)
  expect(damaged).toMatchObject({ pending: 2, seq: 3 })
  expect(damaged.oldestAt).toBeUndefined()
})
