import { expect, test } from 'vitest'
import { isSeq, isStreamId, type Seq, type StreamId, toBatchId, toMessageId } from './ids.ts'

const streamId = '0192d0c0-0000-7000-8000-000000000001' as StreamId

test('a batch is named by its stream and range, an event by its stream and seq', () => {
  expect(toBatchId(streamId, 1 as Seq, 20 as Seq)).toBe('0192d0c0-0000-7000-8000-000000000001:1-20')
  expect(toMessageId(streamId, 7 as Seq)).toBe('0192d0c0-0000-7000-8000-000000000001.7')
})

test('a stream is named by a UUID in lower case', () => {
  expect(isStreamId(streamId)).toBe(true)
  for (const other of [streamId.replace('c', 'C'), `${streamId}0`, `${streamId}\n`, '../../etc', '', 7, null]) {
    expect(isStreamId(other), String(other)).toBe(false)
  }
})

test('a seq is a whole number from 1 that a double holds exactly', () => {
  expect([1, 2 ** 53 - 1].every(isSeq)).toBe(true)
  for (const other of [0, -1, 1.5, 2 ** 53, Number.NaN, '1', null, undefined]) {
    expect(isSeq(other), String(other)).toBe(false)
  }
})
