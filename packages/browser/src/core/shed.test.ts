import { byteLength, type StreamId } from '@waybill/protocol'
import { expect, test } from 'vitest'
import { type Row, readStart, toTombstone } from './line.ts'
import { type Shed, shed } from './shed.ts'
import type { Key } from './store.ts'

const streamIdOf = (number: number) => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}` as StreamId

const event = (seq: number, number = 1): Row => [
  [number, seq],
  `{"streamId":"${streamIdOf(number)}","seq":${seq},"messageId":"m","type":"track","p":"${'é'.repeat(50)}"}`,
]
const tombstone = (seq: number, through = seq, reason = 'cap', number = 1): Row => [
  [number, seq],
  toTombstone(streamIdOf(number), seq, through, reason),
]
const damaged = (seq: number): Row => [[1, seq], 'damaged']

/** What the store holds after it. */
function apply(rows: readonly Row[], { removals, tombstones }: Shed): Row[] {
  const within = (key: Key) =>
    removals.some(
      ([from, to]) => from[0] === key[0] && Number(from[1]) <= Number(key[1]) && Number(key[1]) <= Number(to[1]),
    )
  return [...rows.filter(([key]) => !within(key)), ...tombstones].sort(
    ([a], [b]) => Number(a[0]) - Number(b[0]) || Number(a[1]) - Number(b[1]),
  )
}

const describeRow = (row: Row) => {
  const line = readStart(row)
  if (!line) return 'damaged'
  const { number, seq, through, shed: reason } = line
  return `${number}:${through > seq ? `${seq}-${through}` : seq}${reason ? ` ${reason}` : ''}`
}

/** Sheds these seqs and checks the accounts. */
function shedSeqs(rows: readonly Row[], seqs: readonly number[], reason: 'cap' | 'age' = 'cap'): string[] {
  const result = shed(rows, reason, ({ seq }) => seqs.includes(seq))
  const after = apply(rows, result)
  const bytes = (of: readonly Row[]) => of.reduce((sum, [, text]) => sum + byteLength(String(text)), 0)
  expect(result.lines).toBe(rows.length - after.length)
  expect(result.bytes).toBe(bytes(rows) - bytes(after))
  return after.map(describeRow)
}

test('an event’s tombstone stands in its place', () => {
  expect(shedSeqs([event(1), event(2), event(3)], [2])).toEqual(['1:1', '1:2 cap', '1:3'])
})

test('tombstones of neighbours become one', () => {
  expect(shedSeqs([event(1), event(2), event(3), event(4)], [2, 3])).toEqual(['1:1', '1:2-3 cap', '1:4'])
})

test('a tombstone joins the earlier ones on both its sides', () => {
  const rows = [tombstone(1, 3), event(4), tombstone(5), tombstone(6, 9), event(10)]
  expect(shedSeqs(rows, [4])).toEqual(['1:1-9 cap', '1:10'])
})

test('tombstones for another reason stay what they are', () => {
  const rows = [tombstone(1, 1, 'age'), event(2), tombstone(3, 3, 'age'), event(4)]
  expect(shedSeqs(rows, [2, 4])).toEqual(['1:1 age', '1:2 cap', '1:3 age', '1:4 cap'])
})

test('tombstones with nothing new between them are left alone', () => {
  const rows = [tombstone(1), tombstone(2), event(3)]
  const result = shed(rows, 'cap', () => false)
  expect(result).toEqual({ tombstones: [], removals: [], events: 0, lines: 0, bytes: 0 })
})

test('no tombstone reaches over a gap: what lies in it is in a cut', () => {
  expect(shedSeqs([event(1), event(2), event(5), event(6)], [1, 2, 5, 6])).toEqual(['1:1-2 cap', '1:5-6 cap'])
})

test('no tombstone reaches into another stream', () => {
  const rows = [event(1), event(2), event(3, 2), event(4, 2)]
  expect(shedSeqs(rows, [1, 2, 3, 4])).toEqual(['1:1-2 cap', '2:3-4 cap'])
})

test('no tombstone reaches over a damaged line, nor is a damaged line shed', () => {
  expect(shedSeqs([event(1), damaged(2), event(3)], [1, 2, 3])).toEqual(['1:1 cap', 'damaged', '1:3 cap'])
})

test('events are counted, tombstones are not', () => {
  const { events } = shed([tombstone(1, 9), event(10), event(11)], 'cap', () => true)
  expect(events).toBe(2)
})

test('each event is asked for once, in order; tombstones are not', () => {
  const asked: number[] = []
  shed([event(1), tombstone(2), event(3), event(4, 2)], 'cap', ({ seq }) => asked.push(seq) > 9)
  expect(asked).toEqual([1, 3, 4])
})
