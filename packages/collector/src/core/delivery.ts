import type { Result } from '@waybill/protocol'
import type { Refusal } from './refusal.ts'
import { toRetryAfter } from './retry-after.ts'
import type { Sink, TransientFault } from './sink.ts'

/** What one sink said of a batch. */
export interface Delivery {
  sink: Sink
  result: Result<void, TransientFault>
  /** In the place of these events it was handed tombstones. */
  refused: readonly number[]
  /** It was not handed the batch: a receipt says that it has it. */
  skipped?: true
  /** How long it took, in milliseconds. */
  ms?: number
}

/**
 * Why a batch is not recorded yet, after what required sinks said; `undefined` when each of these has it.
 *
 * @param left for how many seconds others of them are at it still
 */
export function refuseDeliveries(
  deliveries: readonly Delivery[],
  left = 0,
): Extract<Refusal, { reason: 'sink_unavailable' }> | undefined {
  const faults = deliveries.flatMap(({ sink, result }) =>
    result.ok || !sink.required ? [] : [{ sink, ...result.fault }],
  )
  if (faults.length === 0) return
  return {
    reason: 'sink_unavailable',
    retryAfter: Math.max(left, toRetryAfter(faults.map(({ retryAfter }) => retryAfter))),
    sinks: faults.map(({ sink }) => sink.name),
  }
}
