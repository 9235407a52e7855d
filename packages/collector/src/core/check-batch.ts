import {
  type BatchHeader,
  type CompleteEvent,
  type Seq,
  type StreamId,
  toBatchId,
  toMessageId,
} from '@waybill/protocol'
import type { Batch } from './batch.ts'
import { toReceived } from './enrich.ts'
import { toTrace } from './trace-context.ts'

/** Under which site and person a check is kept, so that it can be told from what browsers send, and deleted. */
const CHECK_ID = 'waybill-check'

const encoder = new TextEncoder()

/**
 * The lines of a check as a browser would have sent them: one event that says what it is, in a stream of its own.
 *
 * @param streamId a fresh UUID
 */
export function toCheckLine(streamId: StreamId, now: number): string {
  const seq = 1 as Seq
  const event: CompleteEvent = {
    streamId,
    seq,
    messageId: toMessageId(streamId, seq),
    type: 'track',
    event: 'Waybill Check',
    properties: { check: true },
    anonymousId: CHECK_ID,
    timestamp: new Date(now).toISOString(),
  }
  return JSON.stringify(event)
}

/** The batch that a sink is checked with. `digest` is that of the line with its LF, in hex. */
export function toCheckBatch({
  streamId,
  line,
  digest,
  now,
}: {
  streamId: StreamId
  line: string
  digest: string
  now: number
}): Batch {
  const seq = 1 as Seq
  const at = new Date(now).toISOString()
  const header: BatchHeader = {
    v: 1,
    batchId: toBatchId(streamId, seq, seq),
    streamId,
    first: seq,
    last: seq,
    cutAt: at,
    sdk: CHECK_ID,
    sentAt: at,
    attempt: 1,
  }
  const received = toReceived(header, now)
  return {
    batchId: header.batchId,
    keyId: CHECK_ID,
    header,
    digest,
    receivedAt: received.at,
    lines: [encoder.encode(`${line.slice(0, -1)},"received":${JSON.stringify(received)}}`)],
    trace: toTrace(digest),
  }
}
