import { randomUUID } from 'node:crypto'
import {
  type BatchHeader,
  type CompleteEvent,
  type Seq,
  type StreamId,
  toBatchId,
  toMessageId,
} from '@waybill/protocol'

/** A batch as a client writes it, made by hand so that a test can spoil any part of it. */
export interface HandmadeBatch {
  header: BatchHeader
  events: CompleteEvent[]
}

/** A good batch of a new stream. */
export function makeBatch({ count = 3 }: { count?: number } = {}): HandmadeBatch {
  const streamId = randomUUID() as StreamId
  const now = new Date().toISOString()
  const [first, last] = [1 as Seq, count as Seq]
  const events = Array.from({ length: count }, (_, index) => {
    const seq = (index + 1) as Seq
    return {
      streamId,
      seq,
      messageId: toMessageId(streamId, seq),
      type: 'track' as const,
      event: 'Made By Hand',
      properties: { marker: seq },
      anonymousId: 'somebody',
      timestamp: now,
    }
  })
  const batchId = toBatchId(streamId, first, last)
  return {
    header: { v: 1, batchId, streamId, first, last, cutAt: now, sdk: 'test/1', sentAt: now, attempt: 1 },
    events,
  }
}

/** NDJSON: the header, then the events; an event that is a text already goes in as it is. */
export const toBody = (header: object, events: readonly (object | string)[]): string =>
  [header, ...events].map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
