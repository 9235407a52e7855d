import type { BatchHeader, Received, StreamId, Tombstone } from '@waybill/protocol'
import { type Bytes, LF } from './bytes.ts'
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
  const objects = lines.map((line) => (line.kind === 'rejected' ? toTombstoneLine(streamId, line) : line.line))
  return append(objects, member)
}

/**
 * Puts a last member into the texts of objects, which are never parsed and written again: their bytes are the client's. All
 * are views of one piece of memory, as a piece for each costs more than its copying, with an LF behind each: as NDJSON they go
 * out as they lie.
 */
function append(objects: readonly Bytes[], member: Bytes): Bytes[] {
  const whole = new Uint8Array(objects.reduce((length, object) => length + object.length + member.length, 0))
  let next = 0
  return objects.map((object) => {
    const from = next
    whole.set(object, from)
    // Over the last byte, which is its `}`.
    whole.set(member, from + object.length - 1)
    next = from + object.length + member.length
    whole[next - 1] = LF
    return whole.subarray(from, next - 1)
  })
}

function toTombstoneLine(streamId: StreamId, { rejection, through }: RejectedLine): Bytes {
  const { seq, code, messageId } = rejection
  const range = through === undefined ? {} : { through }
  const tombstone: Tombstone = { streamId, seq, ...range, type: 'rejected', reason: code, messageId }
  return encoder.encode(JSON.stringify(tombstone))
}
