import { type Seq, type StreamId, toBatchId, toMessageId } from '@waybill/protocol'

/** What a sink holds, as text: written by hand here, so that no code of the collector's is taken at its own word. */

export const streamOf = (number: number): StreamId =>
  `0192d0c0-0000-7000-8000-${String(number).padStart(12, '0')}` as StreamId

export const stream: StreamId = streamOf(1)

const BEGAN = Date.parse('2026-11-22T10:00:00.000Z')

/** A time so many ms after 10 o'clock. */
export const time = (ms: number): string => new Date(BEGAN + ms).toISOString()

export interface EventOptions {
  streamId?: StreamId
  name?: string
  session?: number
  /** ms after 10 o'clock. */
  at?: number
}

/** An event as the browser writes it. */
export const event = (seq: number, { streamId = stream, name = 'Clicked', session = 1, at = seq }: EventOptions = {}) =>
  JSON.stringify({
    streamId,
    seq,
    messageId: toMessageId(streamId, seq as Seq),
    type: 'track',
    event: name,
    properties: { text: 'a "b" ,"received":{}', list: [1, 2] },
    timestamp: time(at),
    anonymousId: 'a',
    state: { session: { id: `${streamId}.s${session}`, number: session }, visitor: { events: seq } },
  })

/** A tombstone as the browser or the collector writes it. */
export const tombstone = (
  seq: number,
  {
    through,
    type = 'shed',
    reason = 'cap',
    streamId = stream,
  }: {
    through?: number
    type?: 'shed' | 'rejected'
    reason?: string
    streamId?: StreamId
  } = {},
) => JSON.stringify({ streamId, seq, ...(through && { through }), type, reason })

export interface BatchOptions {
  streamId?: StreamId
  /** The collector's clock, ms after 10 o'clock. */
  at?: number
  skewMs?: number
}

/** The browser's lines as the collector delivers them in the batch `first` to `last`. */
export const deliver = (
  first: number,
  last: number,
  lines: readonly string[],
  { streamId = stream, at = last + 100, skewMs = 12 }: BatchOptions = {},
): string[] => {
  const received = {
    at: time(at),
    batchId: toBatchId(streamId, first as Seq, last as Seq),
    sentAt: time(at - skewMs),
    skewMs,
  }
  return lines.map((line) => `${line.slice(0, -1)},"received":${JSON.stringify(received)}}`)
}

export const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

/** A batch of plain events. */
export const batch = (first: number, last: number, options: BatchOptions & EventOptions = {}): string[] =>
  deliver(
    first,
    last,
    range(first, last).map((seq) => event(seq, { ...options, at: seq })),
    options,
  )

/** Where the collector puts a batch. */
export const objectKey = (first: number, last: number, { key = 'shop', streamId = stream, fork = '' } = {}): string =>
  `${key}/dt=2026-11-22/${streamId}/${String(first).padStart(16, '0')}-${last}${fork && `~${fork}`}.ndjson`
