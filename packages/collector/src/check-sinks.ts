import type { StreamId } from '@waybill/protocol'
import { toCheckBatch, toCheckLine } from './core/check-batch.ts'
import type { Delivery } from './core/delivery.ts'
import { digest } from './core/digest.ts'
import { redact } from './core/redact.ts'
import { fanOut } from './fan-out.ts'
import type { ResolvedOptions } from './options.ts'
import { webPlatform } from './web-platform.ts'

/** What became of the marked event at one sink. */
export interface SinkCheck {
  name: string
  required: boolean
  outcome: 'taken' | 'refused' | 'failed'
  /** How long it took, in milliseconds. */
  ms: number
  /** Why it was not taken, without secrets. */
  detail?: string
}

/**
 * Sends one event called `Waybill Check`, of the site `waybill-check` and a stream of its own, to each sink, with the time
 * that a sink has for any batch.
 */
export async function checkSinks({
  sinks,
  sinkDeadline,
  now,
}: Pick<ResolvedOptions, 'sinks' | 'sinkDeadline' | 'now'>): Promise<SinkCheck[]> {
  const { sha256, after } = webPlatform
  const streamId = crypto.randomUUID() as StreamId
  const line = toCheckLine(streamId, now())
  const batch = toCheckBatch({
    streamId,
    line,
    digest: await digest(new TextEncoder().encode(`${line}\n`), sha256),
    now: now(),
  })
  const { required, bestEffort } = fanOut(batch, sinks, { deadline: sinkDeadline, after, now })
  return [...(await required), ...(await bestEffort)].map(toCheck)
}

function toCheck({ sink: { name, required }, result, refused, ms = 0 }: Delivery): SinkCheck {
  const own = { name, required, ms }
  if (!result.ok) return { ...own, outcome: 'failed', detail: redact(result.fault.detail) }
  if (refused.length > 0)
    return { ...own, outcome: 'refused', detail: 'It took a tombstone in the place of the event.' }
  return { ...own, outcome: 'taken' }
}
