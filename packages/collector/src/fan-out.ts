import { fail, ok } from '@waybill/protocol'
import { abortable } from './core/abortable.ts'
import type { Batch } from './core/batch.ts'
import type { Delivery } from './core/delivery.ts'
import { describeError } from './core/describe-error.ts'
import type { Platform } from './core/platform.ts'
import type { Sink, TransientFault } from './core/sink.ts'
import { NO_EVENTS, withTombstones } from './core/with-tombstones.ts'

/** What the sinks say of a batch. Nothing of it ever rejects. */
export interface FanOut {
  /** Settles when all required sinks have spoken, at the last of their deadlines. */
  required: Promise<Delivery[]>
  bestEffort: Promise<Delivery[]>
  /** What was said until now. */
  soFar: () => Delivery[]
}

interface Allowance {
  /** In milliseconds, for each sink that has none of its own. */
  deadline: number
  /** These have the batch already. */
  skip?: readonly Sink[]
  after: Platform['after']
  /** The clock, in milliseconds. */
  now: () => number
}

/** Hands a batch to all sinks at once, and gives each of them until its deadline. */
export function fanOut(batch: Batch, sinks: readonly Sink[], { deadline, skip = [], after, now }: Allowance): FanOut {
  const said = new Map<Sink, Delivery>()
  const started = sinks.map((sink) => ({ required: sink.required, delivery: deliver(sink) }))

  async function deliver(sink: Sink): Promise<Delivery> {
    const delivery: Delivery = skip.includes(sink)
      ? { sink, result: ok(undefined), refused: [], skipped: true }
      : await timed(sink)
    said.set(sink, delivery)
    return delivery
  }

  async function timed(sink: Sink): Promise<Delivery> {
    const began = now()
    const delivery = await deliverWithin(sink.deadline ?? deadline, after, sink, batch)
    return { ...delivery, ms: now() - began }
  }

  const those = (required: boolean) =>
    Promise.all(started.filter((each) => each.required === required).map(({ delivery }) => delivery))
  return {
    required: those(true),
    bestEffort: those(false),
    soFar: () => sinks.flatMap((sink) => said.get(sink) ?? []),
  }
}

/** A sink that throws, or that does not heed its signal, is a sink without the batch. */
async function deliverWithin(deadline: number, after: Platform['after'], sink: Sink, batch: Batch): Promise<Delivery> {
  const controller = new AbortController()
  const { signal } = controller
  const callOff = after(deadline, () => controller.abort(new DOMException(`after ${deadline} ms`, 'TimeoutError')))
  const refused: number[] = []
  try {
    for (let pending = batch; ; ) {
      const result = await abortable(sink.deliver(pending, signal), signal)
      if (result.ok) return { sink, result, refused }
      const { fault } = result
      if (fault.kind === 'transient') return { sink, result: fail(toTransient(fault)), refused }
      const rest = withTombstones(pending, fault.seqs)
      if (!rest) return { sink, result: fail({ kind: 'transient', detail: NO_EVENTS }), refused }
      refused.push(...rest.seqs)
      pending = rest.batch
    }
  } catch (error) {
    return { sink, result: fail({ kind: 'transient', detail: describeError(error) }), refused }
  } finally {
    callOff()
  }
}

/** A sink of somebody's own may have got its wait from anywhere. */
const toTransient = ({ retryAfter, ...fault }: TransientFault): TransientFault =>
  retryAfter !== undefined && Number.isFinite(retryAfter) && retryAfter >= 0 ? { ...fault, retryAfter } : fault
