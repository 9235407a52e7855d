import { describe, expect, test } from 'vitest'
import { environment, T0, tracked } from '../../test/operations.ts'
import { emptyDelivery, emptyState, isNewer, readState } from './records.ts'
import { stamp } from './stamp.ts'

describe('the stored state', () => {
  const { state } = stamp(undefined, emptyDelivery, [{ operations: [tracked('a')] }], environment())

  test('is taken as it is', () => {
    expect(readState(state, T0)).toEqual(state)
    expect(readState(structuredClone(state), T0 + 1)).toEqual(state)
  })

  test('of a release that knew less is made whole', () => {
    const { dropped: _dropped, appended: _appended, ...older } = state
    expect(readState(older, T0)).toEqual({ ...state, dropped: 0, appended: { lines: 0, bytes: 0 } })
  })

  test('without a stream is whole: the buffer was emptied', () => {
    const emptied = { ...emptyState(T0), forgottenAt: T0 }
    expect(readState(emptied, T0)).toEqual(emptied)
  })

  test.each<[what: string, stored: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['a text', 'state'],
    ['an empty object', {}],
    ['one without a format', { ...state, format: undefined }],
    ['one whose count of streams is none', { ...state, streams: Number.NaN }],
    ['one whose stream has no number', { ...state, stream: { ...state.stream, number: '1' } }],
    ['one whose stream has no seq', { ...state, stream: { ...state.stream, seq: 1.5 } }],
    ['one whose stream carries nothing', { ...state, stream: { ...state.stream, values: undefined } }],
    ['one whose stream has no registered properties', { ...state, stream: { ...state.stream, values: {} } }],
  ])('that is %s is as good as none', (_what, stored) => {
    expect(readState(stored, T0)).toBeUndefined()
  })
})

test('only a higher format is newer', () => {
  expect([undefined, null, 7, {}, { format: 1 }, { format: 'x' }].map(isNewer)).toEqual(Array(6).fill(false))
  expect(isNewer({ format: 2 })).toBe(true)
})
