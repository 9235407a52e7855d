import { fail } from '@waybill/protocol'
import { abortable } from './core/abortable.ts'
import type { Batch } from './core/batch.ts'
import type { Delivery } from './core/delivery.ts'
import { describeError } from './core/describe-error.ts'
import type { Sink } from './core/sink.ts'

/** What all sinks said, when they have: the answer waits for `required` only. Neither ever rejects. */
export interface FanOut {
  required: Promise<Delivery[]>
  bestEffort: Promise<Delivery[]>
}

/** Hands a batch to all sinks at once, and gives each of them `deadline` milliseconds. */
export function fanOut(batch: Batch, sinks: readonly Sink[], deadline: number): FanOut {
  const started = sinks.map((sink) => ({ required: sink.required, delivery: deliverWithin(deadline, sink, batch) }))
  const those = (required: boolean) =>
    Promise.all(started.filter((each) => each.required === required).map(({ delivery }) => delivery))
  return { required: those(true), bestEffort: those(false) }
}

/** A sink that throws, or that does not heed its signal, is a sink without the batch. */
async function deliverWithin(deadline: number, sink: Sink, batch: Batch): Promise<Delivery> {
  const controller = new AbortController()
  const { signal } = controller
  const timer = setTimeout(() => controller.abort(new DOMException(`after ${deadline} ms`, 'TimeoutError')), deadline)
  try {
    return { sink, result: await abortable(sink.deliver(batch, signal), signal) }
  } catch (error) {
    return { sink, result: fail({ kind: 'transient', detail: describeError(error) }) }
  } finally {
    clearTimeout(timer)
  }
}
