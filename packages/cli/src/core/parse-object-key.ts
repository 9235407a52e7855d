import { isSeq, isStreamId, type Seq, type StreamId } from '@waybill/protocol'

/** What the name of an object in an object store says, without reading it. */
export interface ObjectKey {
  /** Names the site. */
  keyId: string
  streamId: StreamId
  first: Seq
  last: Seq
  /** Whether it lies beside an object of the same batch with other bytes. */
  isFork: boolean
}

const KEY =
  /(?:^|[\\/])([^\\/]+)[\\/]dt=\d{4}-\d\d-\d\d[\\/]([^\\/]{36})[\\/](\d{16})-(\d+)(~[0-9a-f]{8})?\.ndjson(?:\.gz)?$/

/**
 * Whether a file that has another ending lies where a batch would and is named as one: half a copy for instance. What it holds
 * is not known.
 */
export const isLikeObject = (path: string): boolean =>
  /[\\/]dt=[^\\/]+[\\/][^\\/]{36}[\\/]\d{16}-\d+[^\\/]*$/.test(path)

/** Reads the end of a path as the collector's object key; undefined when it is none. */
export function parseObjectKey(path: string): ObjectKey | undefined {
  const [, keyId, streamId, from, to, fork] = KEY.exec(path) ?? []
  const [first, last] = [Number(from), Number(to)]
  if (keyId === undefined || !isStreamId(streamId) || !isSeq(first) || !isSeq(last) || last < first) return
  return { keyId, streamId, first, last, isFork: fork !== undefined }
}
