import { randomUUID } from 'node:crypto'
import { type Seq, type StreamId, toMessageId } from '@waybill/protocol'
import { expect, test } from 'vitest'
import { countSeqs, proveComplete } from './completeness.ts'
import type { Delivery, Line } from './destination.ts'

const streamId = randomUUID() as StreamId

const event = (seq: number, name = 'Marked'): Line => ({
  streamId,
  seq: seq as Seq,
  messageId: toMessageId(streamId, seq as Seq),
  type: 'track',
  event: name,
  timestamp: '2026-11-22T10:00:00.000Z',
})

const shed = (seq: number, through: number): Line => ({
  streamId,
  seq: seq as Seq,
  through: through as Seq,
  type: 'shed',
  reason: 'too_old',
})

const delivery = (first: number, last: number, ...lines: Line[]): Delivery => ({
  batchId: `${streamId}:${first}-${last}`,
  headers: {},
  body: '',
  lines,
})

const received = (at: string) => ({ received: { at, batchId: `${streamId}:1-2` } })

test('a stream in order is complete, a tombstone standing for the seqs it covers and repeats counted once', () => {
  const first = delivery(1, 2, { ...event(1), ...received('now') } as Line, event(2))
  const repeat = delivery(1, 2, { ...event(1), ...received('later') } as Line, event(2))
  const deliveries = [first, delivery(3, 6, shed(3, 5), event(6)), repeat]
  expect(proveComplete(deliveries, streamId).map(({ seq }) => seq)).toEqual([1, 2, 3, 6])
  expect(countSeqs(deliveries, streamId)).toBe(6)
})

test.each([
  ['a gap between batches', [delivery(1, 1, event(1)), delivery(3, 3, event(3))], 'where seq 2 was due'],
  ['a gap within a batch', [delivery(1, 3, event(1), event(3))], 'holds seq 3 where 2 was due'],
  ['a missing start', [delivery(2, 2, event(2))], 'where seq 1 was due'],
  ['a missing end', [delivery(1, 2, event(1))], 'ends at seq 1'],
  ['batches out of order', [delivery(2, 2, event(2)), delivery(1, 1, event(1))], 'where seq 1 was due'],
  ['a seq in two batches', [delivery(1, 2, event(1), event(2)), delivery(2, 2, event(2))], 'where seq 3 was due'],
  ['a repeat with other events', [delivery(1, 1, event(1)), delivery(1, 1, event(1, 'Else'))], 'with other events'],
  ['a batch without a range', [{ ...delivery(1, 1, event(1)), batchId: 'msg_1' }], 'is no batch id'],
])('%s is noticed', (_, deliveries, message) => {
  expect(() => proveComplete(deliveries, streamId)).toThrow(message)
})
