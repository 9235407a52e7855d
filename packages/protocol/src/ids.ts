declare const brand: unique symbol
type Brand<Base, Name> = Base & { readonly [brand]: Name }

/** A lower-case UUID: one gap-free sequence of complete events. */
export type StreamId = Brand<string, 'StreamId'>
/** An event's number in its stream, from 1, without gaps. A safe integer. */
export type Seq = Brand<number, 'Seq'>
/** `<streamId>:<first>-<last>`: a range of a stream that was cut once. */
export type BatchId = Brand<string, 'BatchId'>
/** `<streamId>.<seq>`, or the id that another vendor's client gave it: the event's own, the same on every repeat. */
export type MessageId = Brand<string, 'MessageId'>

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export const isStreamId = (value: unknown): value is StreamId => typeof value === 'string' && UUID.test(value)

/**
 * Whether the collector derived the stream from one request of another vendor's client: a UUID of version 8 (RFC 9562, 5.8).
 * Its events carry ids of that client's.
 */
export const isDerivedStreamId = (streamId: StreamId): boolean => streamId[14] === '8'

export const isSeq = (value: unknown): value is Seq => Number.isSafeInteger(value) && (value as number) > 0

export const toBatchId = (streamId: StreamId, first: Seq, last: Seq): BatchId =>
  `${streamId}:${first}-${last}` as BatchId

export const toMessageId = (streamId: StreamId, seq: Seq): MessageId => `${streamId}.${seq}` as MessageId
