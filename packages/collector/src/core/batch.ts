import type { BatchHeader, BatchId } from '@waybill/protocol'
import type { Bytes } from './bytes.ts'
import type { TraceContext } from './trace-context.ts'

/** A batch that was understood and checked, as every sink gets it. */
export interface Batch {
  readonly batchId: BatchId
  /** Names the site. */
  readonly keyId: string
  readonly header: BatchHeader
  /**
   * SHA-256 in hex over the client's lines, and, where the collector rejected some of them, over which and why: the same on
   * every repeat of which the same was taken, whatever the collector appended. Tell repeats by it.
   */
  readonly digest: string
  /** The collector's clock, RFC 3339. */
  readonly receivedAt: string
  /** One JSON object each, without LF: complete events and tombstones, in the order of their seqs. */
  readonly lines: readonly Bytes[]
  /** Of this presentation; `traceHeaders` are the headers for it. */
  readonly trace?: TraceContext
}
