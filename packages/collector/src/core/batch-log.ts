import type { BatchHeader, BatchId, Problem, ProblemCode } from '@waybill/protocol'
import type { Delivery } from './delivery.ts'
import { printable } from './printable.ts'
import type { ReceiptFault } from './receipt.ts'
import { redact } from './redact.ts'
import type { Remembered } from './signature.ts'
import type { TraceContext } from './trace-context.ts'

/** What became of one batch at one sink. */
export interface SinkOutcome {
  name: string
  /** Whether the sink has the batch; where the answer was 202, whether it had it in the end. */
  taken: boolean
  /** It was not handed the batch: a receipt says that it has it already. */
  skipped?: true
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
  /** What the signature cache knew of it. When that is `done`, it was handed to no sink. */
  remembered?: Remembered['state']
  /** Why the receipt that came with it says nothing of who has it. */
  receipt?: ReceiptFault
  /** Why the rate limiter could not count a request, which was let in. Such an entry is about nothing else. */
  rateLimiter?: string
  sinks: SinkOutcome[]
}

/** What is known of a presentation when it is logged. */
export interface Logged {
  /** When, in milliseconds since 1970. */
  at: number
  ms?: number
  /** Default: the problem's, or 200. */
  status?: number
  problem?: Pick<Problem, 'status' | 'code' | 'detail' | 'batchId'> | undefined
  keyId?: string | undefined
  batchId?: BatchId | undefined
  header?: Pick<BatchHeader, 'attempt' | 'copy'>
  trace?: TraceContext | undefined
  counts?: Pick<BatchLog, 'events' | 'tombstones' | 'rejected' | 'bytes'>
  remembered?: BatchLog['remembered'] | undefined
  receipt?: BatchLog['receipt'] | undefined
  rateLimiter?: string
  deliveries?: readonly Delivery[]
}

const NOTHING = { events: 0, tombstones: 0, rejected: 0, bytes: 0 }

export function toBatchLog({
  at,
  ms,
  problem,
  status = problem?.status ?? 200,
  keyId,
  batchId,
  header,
  trace,
  counts = NOTHING,
  remembered,
  receipt,
  rateLimiter,
  deliveries = [],
}: Logged): BatchLog {
  return {
    at: new Date(at).toISOString(),
    status,
    ...(ms === undefined ? {} : { ms }),
    ...(problem && { code: problem.code, detail: printable(problem.detail) }),
    ...(keyId === undefined ? {} : { keyId }),
    ...(batchId === undefined ? {} : { batchId }),
    ...(header && { attempt: header.attempt, ...(header.copy ? { copy: true } : {}) }),
    ...(trace && { traceId: trace.traceId }),
    ...counts,
    ...(remembered && { remembered }),
    ...(receipt && { receipt }),
    ...(rateLimiter !== undefined && { rateLimiter: redact(rateLimiter) }),
    sinks: toOutcomes(deliveries),
  }
}

/** What to log of deliveries: text of a destination cannot move a terminal's cursor. */
export const toOutcomes = (deliveries: readonly Delivery[]): SinkOutcome[] =>
  deliveries.map(({ sink: { name }, result, refused, skipped, ms }) => ({
    name,
    taken: result.ok,
    ...(skipped && { skipped }),
    ...(refused.length > 0 && { refused }),
    ...(!result.ok && { detail: redact(result.fault.detail) }),
    ...(ms === undefined ? {} : { ms }),
  }))
