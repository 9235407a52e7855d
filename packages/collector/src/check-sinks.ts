import type { StreamId } from '@waybill/protocol'
import { toCheckBatch, toCheckLine } from './core/check-batch.ts'
import type { Delivery } from './core/delivery.ts'
import { digest } from './core/digest.ts'
import { redact } from './core/redact.ts'
import type { Sink } from './core/sink.ts'
import { fanOut } from './fan-out.ts'
import type { ResolvedOptions } from './options.ts'
import { webPlatform } from './web-platform.ts'

/** What became of the marked event at one sink. */
export interface SinkCheck {
  name: string
  required: boolean
  /** It is where refused events go. */
  deadLetter?: true
  outcome: 'taken' | 'refused' | 'failed'
  /** How long it took, in milliseconds. */
  ms: number
  /** Why it was not taken, without secrets. */
  detail?: string
}

/**
 * Sends one event called `Waybill Check`, of the site `waybill-check` and a stream of its own, to each sink and to
 * the dead-letter sink, with the time that a sink has for any batch.
 */
export async function checkSinks({
  sinks,
  deadLetter,
  sinkDeadline,
  now,
}: Pick<ResolvedOptions, 'sinks' | 'deadLetter' | 'sinkDeadline' | 'now'>): Promise<SinkCheck[]> {
  const { sha256, after } = webPlatform
  const streamId = crypto.randomUUID() as StreamId
  const line = toCheckLine(streamId, now())
  const batch = toCheckBatch({
    streamId,
    line,
    digest: await digest(new TextEncoder().encode(`${line}\n`), sha256),
    now: now(),
  })
  const all = deadLetter ? [...sinks, deadLetter] : sinks
  const { required, bestEffort } = fanOut(batch, all, { deadline: sinkDeadline, after, now })
  return [...(await required), ...(await bestEffort)].map((delivery) => toCheck(delivery, deadLetter))
}

function toCheck({ sink, result, refused, ms = 0 }: Delivery, deadLetter: Sink | undefined): SinkCheck {
  const { name, required } = sink
  const own = { name, ms, ...(sink === deadLetter ? { required: false, deadLetter: true as const } : { required }) }
  if (!result.ok) return { ...own, outcome: 'failed', detail: redact(result.fault.detail) }
  if (refused.length > 0)
    return { ...own, outcome: 'refused', detail: 'It took a tombstone in the place of the event.' }
  return { ...own, outcome: 'taken' }
}
