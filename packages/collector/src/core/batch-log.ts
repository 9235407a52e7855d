import type { BatchHeader, BatchId, Problem, ProblemCode } from '@waybill/protocol'
import type { Delivery } from './delivery.ts'
import { printable } from './printable.ts'
import { redact } from './redact.ts'
import type { TraceContext } from './trace-context.ts'

/** What became of one batch at one sink. */
export interface SinkOutcome {
  name: string
  /** Whether the sink has the batch. */
  taken: boolean
  /** Seqs of events that it refused; it was handed tombstones in their places. */
  refused?: readonly number[]
  /** Why not. */
  detail?: string
  /** How long it took, in milliseconds. */
  ms?: number
}

/** One presentation of a batch and how it was answered. Holds no control characters and nothing of any event. */
export interface BatchLog {
  /** RFC 3339. */
  at: string
  status: number
  /** How long the answer took, in milliseconds; absent when the collector itself failed. */
  ms?: number
  /** Of a refusal or a failure. */
  code?: ProblemCode
  /** What was wrong. */
  detail?: string
  /** Present once the write key was known. */
  keyId?: string
  /** Present once the header was read. */
  batchId?: BatchId
  /** 1 for the first presentation. With `copy` and `traceId`, present once the whole batch was checked. */
  attempt?: number
  /** Sent while leaving: nobody waits for the answer. */
  copy?: true
  /** The W3C trace that the presentation is part of, 32 hex digits. */
  traceId?: string
  /** How many events, tombstones of the client and rejected events were handed to the sinks. */
  events: number
  tombstones: number
  rejected: number
  /** The batch, inflated. */
  bytes: number
  sinks: SinkOutcome[]
}

/** What is known of a presentation when it is logged. */
export interface Logged {
  /** When, in milliseconds since 1970. */
  at: number
  ms?: number
  problem?: Pick<Problem, 'status' | 'code' | 'detail' | 'batchId'> | undefined
  keyId?: string | undefined
  batchId?: BatchId | undefined
  header?: Pick<BatchHeader, 'attempt' | 'copy'>
  trace?: TraceContext | undefined
  counts?: Pick<BatchLog, 'events' | 'tombstones' | 'rejected' | 'bytes'>
  deliveries?: readonly Delivery[]
}

const NOTHING = { events: 0, tombstones: 0, rejected: 0, bytes: 0 }

export function toBatchLog({
  at,
  ms,
  problem,
  keyId,
  batchId,
  header,
  trace,
  counts = NOTHING,
  deliveries = [],
}: Logged): BatchLog {
  return {
    at: new Date(at).toISOString(),
    status: problem?.status ?? 200,
    ...(ms === undefined ? {} : { ms }),
    ...(problem && { code: problem.code, detail: printable(problem.detail) }),
    ...(keyId === undefined ? {} : { keyId }),
    ...(batchId === undefined ? {} : { batchId }),
    ...(header && { attempt: header.attempt, ...(header.copy ? { copy: true } : {}) }),
    ...(trace && { traceId: trace.traceId }),
    ...counts,
    sinks: deliveries.map(({ sink: { name }, result, refused, ms }) => ({
      name,
      taken: result.ok,
      ...(refused.length > 0 && { refused }),
      ...(!result.ok && { detail: redact(result.fault.detail) }),
      ...(ms === undefined ? {} : { ms }),
    })),
  }
}
