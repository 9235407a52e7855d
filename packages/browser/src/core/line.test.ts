import type { StreamId } from '@waybill/protocol'
import { expect, test } from 'vitest'
import { createMint, environment, tracked } from '../../test/operations.ts'
import { readStart, toTombstone } from './line.ts'
import { emptyDelivery } from './records.ts'
import { stamp } from './stamp.ts'

const streamId = '00000000-0000-7000-8000-000000000001' as StreamId

test.each([undefined, 'low', 'high'] as const)('a stamped event of priority %s says where it stands', (priority) => {
  const operations = [tracked('first'), tracked('a"}"', { priority, properties: { seq: 99, priority: 'none' } })]
  const { lines } = stamp(undefined, emptyDelivery, [{ operations }], environment({ mint: createMint() }))
  const { key, text } = lines[1] as (typeof lines)[0]
  expect(readStart([key, text])).toEqual({
    number: key[0],
    streamId,
    seq: 2,
    through: 2,
    priority: priority ?? 'normal',
    shed: undefined,
  })
})

test('a tombstone says what it stands for, and why', () => {
  expect(toTombstone(streamId, 7, 7, 'cap')).toBe(`{"streamId":"${streamId}","seq":7,"type":"shed","reason":"cap"}`)
  expect(readStart([[3, 7], toTombstone(streamId, 7, 7, 'cap')])).toMatchObject({ seq: 7, through: 7, shed: 'cap' })
  expect(readStart([[3, 7], toTombstone(streamId, 7, 12, 'age')])).toMatchObject({ seq: 7, through: 12, shed: 'age' })
})

test.each([undefined, null, 7, '', '{', '{"streamId":"no uuid","seq":7,"type":"track"}', { seq: 7 }])(
  'of %j nothing is known',
  (stored) => {
    expect(readStart([[3, 7], stored])).toBeUndefined()
  },
)

test('a line under another’s key is damaged', () => {
  expect(readStart([[3, 8], toTombstone(streamId, 7, 7, 'cap')])).toBeUndefined()
})
