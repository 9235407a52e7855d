import type { Bytes } from '../../src/core/bytes.ts'

/** A request, and what a correct inflater makes of its body. */
export interface Posted {
  path: string
  /** Of the query: `key` of our own path, `writeKey` of Segment's. */
  keys: string[]
  /** The query's `encoding` of our own path, `Content-Encoding` of Segment's. */
  encodings: string[]
  origin: string | null
  contentType: string | null
  authorization: string | null
  /** All others. */
  headers: [name: string, value: string][]
  sent: Bytes
  /** The connection ends before the body does. */
  breaksOff: boolean
  /** `undefined` for what is not one whole gzip member, or was not called gzip. */
  inflated: Bytes | undefined
}
