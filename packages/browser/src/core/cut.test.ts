import { byteLength, limits, type Seq, type StreamId } from '@waybill/protocol'
import { describe, expect, test } from 'vitest'
import { T0 } from '../../test/operations.ts'
import { cutNext, halve, toLines } from './cut.ts'
import { type Row, toTombstone } from './line.ts'
import type { Cut } from './records.ts'

const streamIdOf = (number: number) => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`

const toRow = (number: number, seq: number, bytes = 100): Row => {
  const start = `{"streamId":"${streamIdOf(number)}","seq":${seq},"p":"`
  return [[number, seq], `${start}${'é'.repeat((bytes - start.length - 2) / 2)}"}`]
}

const toRows = (number: number, first: number, last: number, bytes?: number): Row[] =>
  Array.from({ length: last - first + 1 }, (_, index) => toRow(number, first + index, bytes))

const rangeOf = (rows: readonly Row[]) => {
  const { cut } = cutNext(rows, T0, limits) ?? {}
  return cut && [cut.number, cut.first, cut.last]
}

describe('the next cut', () => {
  test('names its stream and its range, and has not been presented', () => {
    const rows = toRows(7, 41, 43)
    expect(cutNext(rows, T0, limits)).toEqual({
      cut: {
        number: 7,
        batchId: `${streamIdOf(7)}:41-43`,
        streamId: streamIdOf(7),
        first: 41,
        last: 43,
        cutAt: '2026-11-22T10:00:00.000Z',
        attempt: 0,
      },
      rows,
    })
  })

  test('is none when there is no line', () => {
    expect(cutNext([], T0, limits)).toBeUndefined()
  })

  test('takes as many lines as a batch may hold', () => {
    expect(rangeOf(toRows(7, 1, 500))).toEqual([7, 1, 500])
    expect(rangeOf(toRows(7, 1, 501))).toEqual([7, 1, 500])
    expect(cutNext(toRows(7, 1, 10), T0, { ...limits, batchEvents: 3 })?.rows).toHaveLength(3)
  })

  test('takes as many bytes as a batch may hold beside its header, counted as UTF-8', () => {
    const rows = toRows(7, 1, 10, 1_001)
    const each = byteLength(rows[0]?.[1] as string) + 1
    const room = { ...limits, batchBytes: limits.headerBytes + 4 * each }
    expect(cutNext(rows, T0, room)?.rows).toHaveLength(4)
    expect(cutNext(rows, T0, { ...room, batchBytes: room.batchBytes - 1 })?.rows).toHaveLength(3)
  })

  test('takes the lines of one stream, the oldest first', () => {
    expect(rangeOf([...toRows(7, 41, 43), ...toRows(8, 1, 5)])).toEqual([7, 41, 43])
    expect(rangeOf(toRows(8, 1, 5))).toEqual([8, 1, 5])
  })

  test('takes a line that is larger than a batch alone, so that it blocks nobody', () => {
    const rows = [toRow(7, 1, 4_000), toRow(7, 2)]
    const { cut } = cutNext(rows, T0, { ...limits, batchBytes: 3_000 }) ?? {}
    expect(cut).toMatchObject({ first: 1, last: 1 })
  })
})

describe('halves', () => {
  const ranges = (first: number, last: number) => {
    const rows = toRows(7, first, last)
    const { cut } = cutNext(rows, T0 - 60_000, limits) ?? {}
    return cut && halve({ ...cut, attempt: 9 }, rows)
  }

  test('are the range that they were cut from, in two', () => {
    expect(ranges(41, 44)?.map(({ first, last }) => [first, last])).toEqual([
      [41, 42],
      [43, 44],
    ])
    expect(ranges(41, 43)?.map(({ first, last }) => [first, last])).toEqual([
      [41, 42],
      [43, 43],
    ])
    expect(ranges(41, 42)?.map(({ first, last }) => [first, last])).toEqual([
      [41, 41],
      [42, 42],
    ])
  })

  test('have ids of their own, the day of the first cut, and no attempt yet', () => {
    const base = { number: 7, streamId: streamIdOf(7), cutAt: '2026-11-22T09:59:00.000Z', attempt: 0 }
    expect(ranges(1, 2)).toEqual([
      { ...base, batchId: `${streamIdOf(7)}:1-1`, first: 1 as Seq, last: 1 as Seq },
      { ...base, batchId: `${streamIdOf(7)}:2-2`, first: 2 as Seq, last: 2 as Seq },
    ])
  })
})

describe('damaged lines', () => {
  const damaged = (number: number, seq: number): Row => [[number, seq], '{"streamId":']
  const tombstone = (seq: number, through = seq, number = 7): Row => [
    [number, seq],
    toTombstone(streamIdOf(number) as StreamId, seq, through, 'cap'),
  ]
  const reasons = (cut: Cut, rows: readonly Row[]) =>
    toLines(cut, rows).map((text) => {
      const { seq, through, reason } = JSON.parse(text)
      return [seq, ...(through ? [through] : []), ...(reason ? [reason] : [])]
    })
  const cutOf = (first: number, last: number) =>
    ({ streamId: streamIdOf(7) as StreamId, first: first as Seq, last: last as Seq }) as Cut

  test.each<[where: string, rows: Row[], range: [number, number]]>([
    ['at the beginning', [damaged(7, 1), toRow(7, 2)], [1, 2]],
    ['in the middle', [toRow(7, 1), damaged(7, 2), damaged(7, 3), toRow(7, 4)], [1, 4]],
    ['at the end', [toRow(7, 1), damaged(7, 2)], [1, 2]],
    ['at the end of a stream', [toRow(7, 1), damaged(7, 2), toRow(8, 1)], [1, 2]],
  ])('%s are cut with their neighbours, so that no gap is left unexplained', (_where, rows, [first, last]) => {
    const { cut, rows: taken } = cutNext(rows, T0, limits) ?? {}
    expect(cut).toMatchObject({ number: 7, streamId: streamIdOf(7), first, last })
    expect(taken).toEqual(rows.filter(([[number]]) => number === 7))
  })

  test('of a stream of which nothing else is left hold nobody up', () => {
    expect(rangeOf([damaged(6, 1), damaged(6, 2), toRow(7, 1)])).toEqual([7, 1, 1])
    expect(rangeOf([damaged(6, 1)])).toBeUndefined()
  })

  test('go as tombstones, one for each stretch', () => {
    const rows = [toRow(7, 41), damaged(7, 42), damaged(7, 43), toRow(7, 44), damaged(7, 45)]
    expect(reasons(cutOf(41, 45), rows)).toEqual([[41], [42, 43, 'damaged'], [44], [45, 'damaged']])
  })

  test('that vanished go as tombstones as well: at the beginning, in the middle and at the end', () => {
    expect(reasons(cutOf(41, 46), [toRow(7, 42), toRow(7, 44)])).toEqual([
      [41, 'damaged'],
      [42],
      [43, 'damaged'],
      [44],
      [45, 46, 'damaged'],
    ])
    expect(reasons(cutOf(41, 46), [])).toEqual([[41, 46, 'damaged']])
  })

  test('of another stream, that were put where they don’t belong, go as tombstones', () => {
    const stranger: Row = [[7, 42], (toRow(8, 42) as Row)[1]]
    expect(reasons(cutOf(41, 42), [toRow(7, 41), stranger])).toEqual([[41], [42, 'damaged']])
  })

  test('are none where a tombstone stands for the range', () => {
    const rows = [tombstone(41, 44), toRow(7, 45), tombstone(46)]
    expect(cutNext(rows, T0, limits)?.cut).toMatchObject({ first: 41, last: 46 })
    expect(reasons(cutOf(41, 46), rows)).toEqual([[41, 44, 'cap'], [45], [46, 'cap']])
  })

  test('a cut that ends with the tombstone of a range goes up to the end of the range', () => {
    expect(cutNext([toRow(7, 41), tombstone(42, 50)], T0, limits)?.cut).toMatchObject({ first: 41, last: 50 })
  })

  test('halves are drawn between two lines, and never within the range of a tombstone', () => {
    const rows = [tombstone(1, 10), toRow(7, 11)]
    const { cut } = cutNext(rows, T0, limits) as { cut: Cut }
    expect(halve(cut, rows).map(({ first, last }) => [first, last])).toEqual([
      [1, 10],
      [11, 11],
    ])
  })

  test('no line is altered', () => {
    const rows = toRows(7, 41, 43)
    expect(toLines(cutOf(41, 43), rows)).toEqual(rows.map(([, text]) => text))
  })
})
