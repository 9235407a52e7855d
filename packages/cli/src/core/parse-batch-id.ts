import { isSeq, isStreamId, type Seq, type StreamId } from '@waybill/protocol'

/** The range of a stream that a batch id names; undefined when it is none. */
export function parseBatchId(batchId: unknown): { streamId: StreamId; first: Seq; last: Seq } | undefined {
  if (typeof batchId !== 'string') return
  const [, streamId, from, to] = /^([^:]{36}):(\d+)-(\d+)$/.exec(batchId) ?? []
  const [first, last] = [Number(from), Number(to)]
  if (isStreamId(streamId) && isSeq(first) && isSeq(last) && first <= last) return { streamId, first, last }
}
