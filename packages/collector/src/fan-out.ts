import { fail } from '@waybill/protocol'
import { abortable } from './core/abortable.ts'
import type { Batch } from './core/batch.ts'
import type { Delivery } from './core/delivery.ts'
import { describeError } from './core/describe-error.ts'
import type { Platform } from './core/platform.ts'
import type { Sink } from './core/sink.ts'
import { withTombstones } from './core/with-tombstones.ts'

/** What all sinks said, when they have: the answer waits for `required` only. Neither ever rejects. */
export interface FanOut {
  required: Promise<Delivery[]>
  bestEffort: Promise<Delivery[]>
}

interface Allowance {
  /** In milliseconds. */
  deadline: number
  after: Platform['after']
  /** The clock, in milliseconds. */
  now: () => number
}

/** Hands a batch to all sinks at once, and gives each of them until the deadline. */
export function fanOut(batch: Batch, sinks: readonly Sink[], allowance: Allowance): FanOut {
  const started = sinks.map((sink) => ({ required: sink.required, delivery: timed(allowance, sink, batch) }))
  const those = (required: boolean) =>
    Promise.all(started.filter((each) => each.required === required).map(({ delivery }) => delivery))
  return { required: those(true), bestEffort: those(false) }
}

async function timed(allowance: Allowance, sink: Sink, batch: Batch): Promise<Delivery> {
  const began = allowance.now()
  const delivery = await deliverWithin(allowance, sink, batch)
  return { ...delivery, ms: allowance.now() - began }
}

/** A sink that throws, or that does not heed its signal, is a sink without the batch. */
async function deliverWithin({ deadline, after }: Allowance, sink: Sink, batch: Batch): Promise<Delivery> {
  const controller = new AbortController()
  const { signal } = controller
  const callOff = after(deadline, () => controller.abort(new DOMException(`after ${deadline} ms`, 'TimeoutError')))
  const refused: number[] = []
  try {
    for (let pending = batch; ; ) {
      const result = await abortable(sink.deliver(pending, signal), signal)
      if (result.ok) return { sink, result, refused }
      const { fault } = result
      if (fault.kind === 'transient') return { sink, result: fail(fault), refused }
      const rest = withTombstones(pending, fault.seqs)
      if (!rest) throw new RangeError(`it refuses seqs ${fault.seqs.join(', ')}, and not all are events of the batch`)
      refused.push(...new Set(fault.seqs))
      pending = rest
    }
  } catch (error) {
    return { sink, result: fail({ kind: 'transient', detail: describeError(error) }), refused }
  } finally {
    callOff()
  }
}
