import { type BatchHeader, parseHeader, type Seq, type StreamId, toBatchId, toMessageId } from '@waybill/protocol'
import type { Batch } from '../src/core/batch.ts'
import { digest } from '../src/core/digest.ts'
import { sha256 } from '../src/core/sha256.ts'

export const STREAM: StreamId = '0192d0c0-0000-7000-8000-000000000001' as StreamId
/** A client's clock, and the collector's of most tests: one second later. */
const SENT_AT = '2026-11-22T10:00:00.000Z'
export const NOW: number = Date.parse(SENT_AT) + 1000

type Members = Record<string, unknown>

/** A complete event that nothing is wrong with, except for the members given. */
export const eventOf = (seq: number, members: Members = {}): Members => ({
  streamId: STREAM,
  seq,
  messageId: toMessageId(STREAM, seq as Seq),
  type: 'track',
  event: 'Order Completed',
  properties: { total: 42 },
  anonymousId: 'a-1',
  timestamp: SENT_AT,
  ...members,
})

/** The same as text, as a client would send it. */
export const lineOf = (seq: number, members: Members = {}): string => JSON.stringify(eventOf(seq, members))

/** A tombstone as text, with the members given. */
export const tombstoneOf = (seq: number, members: Members): string =>
  JSON.stringify({ streamId: STREAM, seq, ...members })

export const linesOf = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => lineOf(first + index))

export const headerOf = (first: number, last: number, members: Members = {}): string =>
  JSON.stringify({
    v: 1,
    batchId: toBatchId(STREAM, first as Seq, last as Seq),
    streamId: STREAM,
    first,
    last,
    cutAt: SENT_AT,
    sdk: '@waybill/browser/0.1.0',
    sentAt: SENT_AT,
    attempt: 1,
    ...members,
  })

/** A whole batch as text. */
export const batchOf = (first: number, last: number, lines: readonly string[] = linesOf(first, last)): string =>
  [headerOf(first, last), ...lines, ''].join('\n')

/** A batch as sinks get it. */
export async function deliverable(
  first: number,
  last: number,
  lines: readonly string[] = linesOf(first, last),
): Promise<Batch> {
  const header = parseHeader(headerOf(first, last))
  if (!header.ok) throw new Error(JSON.stringify(header.fault))
  const value: BatchHeader = header.value
  const bytes = lines.map((line) => new TextEncoder().encode(line))
  return {
    batchId: value.batchId,
    keyId: 'site',
    header: value,
    digest: await digest(new TextEncoder().encode(lines.join('\n')), sha256),
    receivedAt: new Date(NOW).toISOString(),
    lines: bytes,
  }
}
