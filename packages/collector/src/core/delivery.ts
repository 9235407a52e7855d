import type { Result } from '@waybill/protocol'
import type { Refusal } from './refusal.ts'
import { toRetryAfter } from './retry-after.ts'
import type { Sink, TransientFault } from './sink.ts'

/** What one sink said of a batch. */
export interface Delivery {
  sink: Pick<Sink, 'name' | 'required'>
  result: Result<void, TransientFault>
  /** In the place of these events it was handed tombstones. */
  refused: readonly number[]
  /** How long it took, in milliseconds. */
  ms?: number
}

/** Why a batch is not recorded yet, after what the required sinks said; `undefined` when all of them have it. */
export function refuseDeliveries(deliveries: readonly Delivery[]): Refusal | undefined {
  const faults = deliveries.flatMap(({ sink, result }) => (result.ok ? [] : [{ sink, ...result.fault }]))
  if (faults.length === 0) return
  return {
    reason: 'sink_unavailable',
    retryAfter: toRetryAfter(faults.map(({ retryAfter }) => retryAfter)),
    sinks: faults.map(({ sink }) => sink.name),
  }
}
