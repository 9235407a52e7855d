import type { BatchId, Problem, ProblemCode } from '@waybill/protocol'
import type { Delivery } from './delivery.ts'
import { printable } from './printable.ts'

/** What became of one batch at one sink. */
export interface SinkOutcome {
  name: string
  /** Whether the sink has the batch. */
  taken: boolean
  /** Seqs of events that it refused; it was handed tombstones in their places. */
  refused?: readonly number[]
  /** Why not. */
  detail?: string
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
  counts?: Pick<BatchLog, 'events' | 'tombstones' | 'rejected' | 'bytes'>
  deliveries?: readonly Delivery[]
}

const NOTHING = { events: 0, tombstones: 0, rejected: 0, bytes: 0 }

export function toBatchLog({ at, ms, problem, keyId, batchId, counts = NOTHING, deliveries = [] }: Logged): BatchLog {
  return {
    at: new Date(at).toISOString(),
    status: problem?.status ?? 200,
    ...(ms === undefined ? {} : { ms }),
    ...(problem && { code: problem.code, detail: printable(problem.detail) }),
    ...(keyId === undefined ? {} : { keyId }),
    ...(batchId === undefined ? {} : { batchId }),
    ...counts,
    sinks: toOutcomes(deliveries),
  }
}

/** What to log of deliveries: text of a destination cannot move a terminal's cursor. */
export const toOutcomes = (deliveries: readonly Delivery[]): SinkOutcome[] =>
  deliveries.map(({ sink: { name }, result, refused }) => ({
    name,
    taken: result.ok,
    ...(refused.length > 0 && { refused }),
    ...(!result.ok && { detail: printable(result.fault.detail) }),
  }))
