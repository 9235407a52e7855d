import { fail, ok } from '@waybill/protocol'
import { abortable } from '../src/core/abortable.ts'
import type { Batch } from '../src/core/batch.ts'
import { describeError } from '../src/core/describe-error.ts'
import type { Sink, SinkFault } from '../src/core/sink.ts'

/** A sink that keeps what it was given, in memory and once for each batch id. */
export interface RecordingSink extends Sink {
  readonly batches: ReadonlyMap<string, Batch>
  /** The lines of all batches, parsed. */
  events(): Record<string, unknown>[]
}

export function recordingSink({
  name = 'recording',
  required = true,
  before = async () => undefined,
}: {
  name?: string
  required?: boolean
  /** Runs before each batch is taken; its fault is the sink's. */
  before?: (batch: Batch) => Promise<SinkFault | undefined>
} = {}): RecordingSink {
  const batches = new Map<string, Batch>()
  return {
    name,
    required,
    guarantee: 'durable',
    generation: '1',
    idempotency: { key: 'the batch id', window: 'as long as the sink lives' },
    batches,
    events: () =>
      [...batches.values()].flatMap(({ lines }) => lines.map((line) => JSON.parse(new TextDecoder().decode(line)))),
    async deliver(batch, signal) {
      try {
        const fault = await abortable(before(batch), signal)
        if (fault) return fail(fault)
      } catch (error) {
        return fail({ kind: 'transient', detail: describeError(error) })
      }
      const known = batches.get(batch.batchId)
      if (known && known.digest !== batch.digest) return fail({ kind: 'transient', detail: 'forked' })
      batches.set(batch.batchId, batch)
      return ok(undefined)
    },
  }
}
