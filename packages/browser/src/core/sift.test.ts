import { describe, expect, test } from 'vitest'
import { createTab, T0, tracked } from '../../test/operations.ts'
import type { Row } from './line.ts'
import type { RawRecord } from './operation.ts'
import { MARK, RAW } from './records.ts'
import { sift } from './sift.ts'

const [A, B] = [createTab(), createTab()]
const record = (tab: string, run: number): RawRecord => ({ tab, run, operations: [tracked(`${run}`)] })
const row = (id: string, value: unknown): Row => [RAW + id, value]
const stampedUpTo = (runs: Record<string, number> = {}) =>
  new Map(Object.entries(runs).map(([tab, run]) => [MARK + tab, { run, boot: undefined }]))
const marks = (runs: Record<string, number> = {}) =>
  new Map([...stampedUpTo(runs)].map(([key, { run }]) => [key, { run, at: T0 }]))

describe('raw records', () => {
  test('come in the order of their keys, with the last run of each tab', () => {
    const rows = [row('3', record(A, 2)), row('1', record(A, 1)), row('2', record(B, 9))]
    const { fresh, stamped } = sift(rows, marks())
    expect(fresh).toEqual([record(A, 1), record(B, 9), record(A, 2)])
    expect(stamped).toEqual(stampedUpTo({ [A]: 2, [B]: 9 }))
  })

  test('tell the last boot of each tab whose calls are nobody’s yet', () => {
    const of = (boot?: string) => tracked('a', boot ? { boot } : { anonymousId: 'a' })
    const records = [
      { tab: A, run: 1, operations: [of('x'), of('y')] },
      { tab: A, run: 2, operations: [of()] },
      { tab: B, run: 1, operations: [of()] },
    ]
    const { stamped } = sift(
      records.map((record, index) => row(`${index}`, record)),
      marks(),
    )
    expect([...stamped.values()]).toEqual([
      { run: 2, boot: 'y' },
      { run: 1, boot: undefined },
    ])
  })

  test('that are in both places, or were said twice, come once', () => {
    const rows = [row('1', record(A, 1)), row('1', record(A, 1)), row('2', record(A, 1)), row('3', record(A, 2))]
    expect(sift(rows, marks()).fresh).toEqual([record(A, 1), record(A, 2)])
  })

  test('up to the mark of their tab are stamped already, whatever the marks of others', () => {
    const rows = [1, 2, 3].flatMap((run) => [row(`a${run}`, record(A, run)), row(`b${run}`, record(B, run))])
    const { fresh, stamped } = sift(rows, marks({ [A]: 2, [B]: 3 }))
    expect(fresh).toEqual([record(A, 3)])
    expect(stamped).toEqual(stampedUpTo({ [A]: 3 }))
  })

  test('whose order the clock has turned round are none of them taken for stamped', () => {
    const { fresh, stamped } = sift([row('1', record(A, 2)), row('2', record(A, 1))], marks())
    expect(fresh).toEqual([record(A, 2), record(A, 1)])
    expect(stamped).toEqual(stampedUpTo({ [A]: 2 }))
  })

  test.each([7, null, 'text', {}, { operations: [] }])('that are damaged (%j) hold up none', (damaged) => {
    const rows = [row('1', damaged), row('2', record(A, 1))]
    const { fresh, stamped } = sift(rows, marks())
    expect(fresh).toContainEqual(record(A, 1))
    expect(stamped).toEqual(stampedUpTo({ [A]: 1 }))
  })

  test('that are damaged leave nothing of what is not', () => {
    expect(
      sift([row('1', { operations: [tracked('a')] }), row('2', { operations: [tracked('b')] })], marks()).fresh,
    ).toHaveLength(2)
  })
})
