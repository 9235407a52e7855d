import { expect, test } from 'vitest'
import { registered, reset, T0, tracked } from '../../test/operations.ts'
import { type RawRecord, takeSince } from './operation.ts'

const identity = { streamId: '00000000-0000-7000-8000-000000000001', anonymousId: 'a' } as RawRecord['identity']

test('of a raw record stays what came later, and nothing of who it was', () => {
  const operations = [tracked('a', { at: T0 - 1 }), registered({ plan: 'p' }), tracked('b', { at: T0 + 1 })]
  const record: RawRecord = { tab: 't', run: 3, ...(identity && { identity }), operations }
  expect(takeSince(T0, record)).toEqual({ tab: 't', run: 3, operations: operations.slice(1) })
})

test.each([
  ['that is all from before', { tab: 't', run: 1, operations: [tracked('a', { at: T0 - 1 }), reset] }, T0 + 1],
  ['from which nothing may stay', { tab: 't', run: 1, operations: [tracked('a')] }, Number.POSITIVE_INFINITY],
  ['of an operation that does not say when it was', { tab: 't', run: 1, operations: [{ kind: 'reset' }, null] }, 0],
  ['that is damaged', { operations: 7 }, 0],
  ['that is none', undefined, 0],
])('of a record %s nothing stays', (_, record, at) => {
  expect(takeSince(at, record)).toBeUndefined()
})
