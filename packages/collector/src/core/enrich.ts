import type { BatchHeader, Received, StreamId, Tombstone } from '@waybill/protocol'
import { type Bytes, concat } from './bytes.ts'
import type { CheckedLine } from './check-lines.ts'

type RejectedLine = Extract<CheckedLine, { kind: 'rejected' }>

const encoder = new TextEncoder()

/** What the collector knows of a batch and the device does not. */
export function toReceived(header: BatchHeader, now: number): Received {
  const at = new Date(now).toISOString()
  const { batchId, sentAt, copy } = header
  return copy ? { at, batchId } : { at, batchId, sentAt, skewMs: now - Date.parse(sentAt) }
}

/** The lines as sinks get them: the client's own bytes with `received` appended, a tombstone for what was rejected. */
export function enrich(lines: readonly CheckedLine[], streamId: StreamId, received: Received): Bytes[] {
  const member = encoder.encode(`,"received":${JSON.stringify(received)}}`)
  return lines.map((line) => append(line.kind === 'rejected' ? toTombstoneLine(streamId, line) : line.line, member))
}

/** Puts a last member into the text of an object, which is never parsed and written again: its bytes are the client's. */
const append = (object: Bytes, member: Bytes): Bytes => concat([object.subarray(0, -1), member])

function toTombstoneLine(streamId: StreamId, { rejection, through }: RejectedLine): Bytes {
  const { seq, code, messageId } = rejection
  const range = through === undefined ? {} : { through }
  const tombstone: Tombstone = { streamId, seq, ...range, type: 'rejected', reason: code, messageId }
  return encoder.encode(JSON.stringify(tombstone))
}
