import type { BatchId, Seq, StreamId } from '@waybill/protocol'
import { describe, expect, test } from 'vitest'
import { T0 } from '../../test/operations.ts'
import type { Decision } from './decide.ts'
import { countFor, isCurrent, isLeased, remainingWait, settle } from './delivery.ts'
import type { Row } from './line.ts'
import { type Cut, type Delivery, emptyDelivery, readDelivery, type Wait } from './records.ts'

const HOUR = 3_600_000
const streamId = '0192d0c0-0000-7000-8000-000000000001' as StreamId

const toCut = (first: number, last: number, more: Partial<Cut> = {}): Cut => ({
  number: 7,
  batchId: `${streamId}:${first}-${last}` as BatchId,
  streamId,
  first: first as Seq,
  last: last as Seq,
  cutAt: '2026-11-22T10:00:00.000Z',
  attempt: 3,
  ...more,
})

const toRow = (seq: number): Row => [[7, seq], `{"streamId":"${streamId}","seq":${seq}}`]
const rows = [41, 42, 43].map(toRow)
const rowBytes = rows.reduce((sum, [, text]) => sum + (text as string).length, 0)

const before: Delivery = {
  epoch: 5,
  list: [toCut(41, 43), toCut(44, 50, { attempt: 0 })],
  forgotten: { lines: 40, bytes: 4_000 },
  recorded: 38,
  rejected: 2,
  shed: 1,
  failures: 2,
  wait: { since: T0 - 1_000, until: T0, byServer: false },
  lastError: { code: 'outage', detail: 'reset', at: '2026-11-22T09:59:59.000Z' },
}

describe('the stored record', () => {
  test('is taken as it is', () => {
    expect(readDelivery(before)).toEqual(before)
  })

  test.each([
    undefined,
    null,
    7,
    'text',
    {},
    { epoch: 1, list: 'none' },
    [],
    { list: [] },
    { epoch: 1, list: [null] },
    { epoch: 1, list: [{}] },
  ])('of %j is as good as none', (stored) => {
    expect(readDelivery(stored)).toEqual(emptyDelivery)
  })
})

test('of a release that did not count failures counts none', () => {
  const { failures: _failures, ...older } = before
  expect(readDelivery(older)).toEqual({ ...before, failures: 0 })
})

describe('the head waits', () => {
  const wait: Wait = { since: T0, until: T0 + HOUR, byServer: false }
  const asked: Wait = { ...wait, byServer: true }

  test('until its time has come', () => {
    expect(remainingWait(wait, T0, false)).toBe(HOUR)
    expect(remainingWait(wait, T0 + HOUR - 1, false)).toBe(1)
    expect(remainingWait(wait, T0 + HOUR, false)).toBeLessThanOrEqual(0)
    expect(remainingWait(undefined, T0, false)).toBe(0)
  })

  test('no longer than it was told to, when the clock is set back', () => {
    expect(remainingWait(wait, T0 - 1, false)).toBe(0)
    expect(remainingWait(asked, T0 - 365 * 24 * HOUR, false)).toBe(0)
  })

  test('no more, when the clock jumps forward', () => {
    expect(remainingWait(asked, T0 + 24 * HOUR, false)).toBeLessThanOrEqual(0)
  })

  test('out our own backoff only when it is not forced, and a server’s word in any case', () => {
    expect(remainingWait(wait, T0, true)).toBe(0)
    expect(remainingWait(asked, T0, true)).toBe(HOUR)
  })
})

describe('after a decision', () => {
  const settled = (decision: Decision) => settle(before, decision, { rows, now: T0 })

  test('recorded: the head is gone, counted, and the trouble over', () => {
    const rejected = [{ seq: 42 as Seq, messageId: 'm' as never, code: 'invalid_event' as const, detail: 'd' }]
    expect(settled({ kind: 'recorded', recorded: 2, rejected })).toEqual({
      epoch: 5,
      list: [before.list[1]],
      forgotten: { lines: 43, bytes: 4_000 + rowBytes },
      recorded: 40,
      rejected: 3,
      latest: { number: before.list[0]?.number, rejected: 1, shed: 0 },
      shed: 1,
      failures: 0,
      presenting: undefined,
      wait: undefined,
      lastError: undefined,
    })
  })

  test('of each stream by itself what was rejected and shed', () => {
    const once = countFor(emptyDelivery, 1, 2)
    expect(once).toEqual({ number: 1, rejected: 2, shed: 0 })
    const twice = countFor({ ...emptyDelivery, latest: once }, 1, 0, 3)
    expect(twice).toEqual({ number: 1, rejected: 2, shed: 3 })
    expect(countFor({ ...emptyDelivery, latest: twice }, 2)).toEqual({ number: 2, rejected: 0, shed: 0 })
  })

  test('kept: the head has the receipt, and waits', () => {
    const error = { code: 'sink_unavailable', detail: 'd', at: '2026-11-22T10:00:00.000Z' }
    expect(settled({ kind: 'kept', wait: 7_000, byServer: true, receipt: 'r1', error })).toEqual({
      ...before,
      list: [{ ...before.list[0], receipt: 'r1' }, before.list[1]],
      wait: { since: T0, until: T0 + 7_000, byServer: true },
      failures: 3,
      lastError: error,
    })
  })

  test('kept because the collector asked for patience: no failure, and those before are over', () => {
    expect(settled({ kind: 'kept', wait: 7_000, byServer: true })).toMatchObject({ failures: 0, lastError: undefined })
  })

  test('halved: two cuts with ids of their own stand in the place of the head, each to be presented first', () => {
    expect(settled({ kind: 'halved' }).list).toEqual([
      toCut(41, 42, { attempt: 0 }),
      toCut(43, 43, { attempt: 0 }),
      before.list[1],
    ])
  })

  test('the record that was there is as it was', () => {
    const copy = structuredClone(before)
    settled({ kind: 'halved' })
    settled({ kind: 'recorded', recorded: 3, rejected: [] })
    settled({ kind: 'kept', wait: 1, byServer: false })
    expect(before).toEqual(copy)
  })
})

describe('the lease', () => {
  const leased = (since: number, until: number): Delivery => ({ ...before, presenting: { tab: 'other', since, until } })

  test('of another tab holds until its time is up', () => {
    expect(isLeased(leased(T0, T0 + 40_000), 'this', T0)).toBe(true)
    expect(isLeased(leased(T0, T0 + 40_000), 'this', T0 + 39_999)).toBe(true)
    expect(isLeased(leased(T0, T0 + 40_000), 'this', T0 + 40_000)).toBe(false)
  })

  test('of this tab, or of none, is no hindrance', () => {
    expect(isLeased(leased(T0, T0 + 40_000), 'other', T0)).toBe(false)
    expect(isLeased(before, 'this', T0)).toBe(false)
  })

  test('is over when the clock is set back behind its beginning', () => {
    expect(isLeased(leased(T0, T0 + 40_000), 'this', T0 - 1)).toBe(false)
  })

  test('ends with the presentation', () => {
    const delivery = leased(T0, T0 + 40_000)
    for (const decision of [
      { kind: 'recorded', recorded: 3, rejected: [] },
      { kind: 'halved' },
      { kind: 'kept', wait: 1, byServer: false },
    ] satisfies Decision[]) {
      expect(settle(delivery, decision, { rows, now: T0 }).presenting).toBeUndefined()
    }
  })
})

describe('a decision counts', () => {
  test('while nobody else flushes and the head is the batch that was presented', () => {
    expect(isCurrent(before, 5, toCut(41, 43))).toBe(true)
  })

  test('no more after another tab has taken over', () => {
    expect(isCurrent({ ...before, epoch: 6 }, 5, toCut(41, 43))).toBe(false)
  })

  test('no more when the head is another batch, or when there is none', () => {
    expect(isCurrent(before, 5, toCut(44, 50))).toBe(false)
    expect(isCurrent(before, 5, toCut(41, 42))).toBe(false)
    expect(isCurrent({ ...before, list: [] }, 5, toCut(41, 43))).toBe(false)
  })
})
