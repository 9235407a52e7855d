import type { Accepted, Problem, Recorded } from '@waybill/protocol'
import { type Delivery, refuseDeliveries } from './core/delivery.ts'
import type { Hints } from './core/hints.ts'
import type { Platform } from './core/platform.ts'
import { issueReceipt } from './core/receipt.ts'
import { type Remembered, toSignature } from './core/signature.ts'
import type { Sink } from './core/sink.ts'
import { toProblem } from './core/to-problem.ts'
import { fanOut } from './fan-out.ts'
import type { ResolvedOptions } from './options.ts'
import type { PresentedBatch } from './take-batch.ts'

/** What the client hears: 200, 202 or 503. */
type Answer = Recorded | Accepted | Problem

export interface Conveyed {
  answer: Answer
  /** It was presented before, or is being presented: it was waited for. */
  isRepeat: boolean
  remembered: Remembered['state'] | undefined
  /** What sinks have said by the time of the answer. */
  said: readonly Delivery[]
  /** What every sink said, when all have. */
  ended: Promise<readonly Delivery[]>
}

export interface ConveyOptions extends Pick<ResolvedOptions, 'sinks' | 'sinkDeadline' | 'receiptKeys' | 'now'> {
  hints: Hints
  platform: Platform
  /** How long the first presentation is waited for, in milliseconds; never beyond the last deadline, when all is said. */
  patience: number
  /** Is handed what has to go on after the answer, as soon as it has begun: the client may leave before. */
  goOn: (work: Promise<unknown>) => void
}

/** How often to look whether another request is done, in milliseconds. */
const LOOK_AGAIN = 500

/** A client that has missed an answer comes back within this, in seconds: no `Retry-After` is longer. */
const REMEMBERED_FOR = 3600

/**
 * The Worker Pattern: hands a batch to the sinks that do not have it, and answers when all that are required do, or says
 * when to come back. Whoever comes back is waited for, so that a batch gets through without any cache.
 */
export async function conveyBatch(
  { batch, clientDigest, events, rejected, limits, have: skip }: Omit<PresentedBatch, 'sinks'>,
  { sinks, sinkDeadline, receiptKeys, now, hints, platform, patience, goOn }: ConveyOptions,
): Promise<Conveyed> {
  const { batchId } = batch
  const { attempt, copy = false } = batch.header
  const { hmac, sha256, after } = platform
  const subject = { batch, rejected }
  const deadlineOf = (sink: Sink) => sink.deadline ?? sinkDeadline
  const lastDeadline = Math.max(...sinks.map((sink) => (sink.required ? deadlineOf(sink) : 0)))

  // Under other limits as well it is the same batch, and its first answer is as true.
  const signature = await toSignature({ ...batch, clientDigest }, sinks, sha256)
  const first = await hints.recall(signature)
  const isRepeat = attempt > 1 || first !== undefined
  const known = first?.state === 'in_progress' && !copy ? await awaitOther() : first

  const conveyed = (answer: Answer, said: Conveyed['said'], ended: Conveyed['ended']): Conveyed => ({
    ...{ answer, said, ended, isRepeat, remembered: known?.state ?? first?.state },
  })
  if (known?.state === 'done') {
    const { recorded, rejected } = known
    return conveyed({ batchId, recorded, rejected }, [], Promise.resolve([]))
  }
  if (known && copy) {
    return conveyed({ batchId, retryAfter: toSeconds(lastDeadline) }, [], Promise.resolve([]))
  }

  const work = fanOut(batch, sinks, { deadline: sinkDeadline, skip, after, now })
  const ended = conclude()
  goOn(ended)
  // From the last deadline on no timer is needed, and one of more than 2^31 ms would go off at once.
  const waited = copy ? 0 : isRepeat || patience >= lastDeadline ? undefined : patience
  await (waited === undefined ? work.required : settledWithin(work.required, waited, after))
  return conveyed(await toAnswer(waited), work.soFar(), ended)

  /** Somebody else has begun: until then nothing is gained by beginning as well. It may have died over it. */
  async function awaitOther(): Promise<Remembered | undefined> {
    let found: Remembered | undefined
    for (let waited = 0; waited < lastDeadline; waited += LOOK_AGAIN) {
      await new Promise<void>((resolve) => after(LOOK_AGAIN, resolve))
      found = await hints.recall(signature)
      if (found?.state !== 'in_progress') return found
    }
    return found
  }

  async function conclude(): Promise<readonly Delivery[]> {
    const marked = hints.remember(signature, { state: 'in_progress' }, toSeconds(lastDeadline))
    const required = await work.required
    await marked
    if (required.every(({ result }) => result.ok)) {
      await hints.remember(signature, { state: 'done', recorded: events, rejected }, REMEMBERED_FOR)
    } else {
      await hints.forget(signature)
    }
    return [...required, ...(await work.bestEffort)]
  }

  async function toAnswer(waited = 0): Promise<Answer> {
    const said = work.soFar()
    const silent = sinks.filter((sink) => sink.required && !said.some((delivery) => delivery.sink === sink))
    // By then they have it or have failed, and it is handed to none of them a second time meanwhile.
    const left = silent.length > 0 ? toSeconds(Math.max(...silent.map(deadlineOf)) - waited) : 0
    const refusal = refuseDeliveries(said, left)
    if (silent.length === 0 && !refusal) return { batchId, recorded: events, rejected }

    const [key] = receiptKeys
    const have = said.flatMap(({ sink, result }) => (result.ok ? [sink] : []))
    const receipt =
      key && have.length > 0
        ? { receipt: await issueReceipt(key, subject, { sinks: have, limits, now: now(), hmac }) }
        : undefined
    return refusal ? toProblem({ ...refusal, ...receipt }, batchId) : { batchId, retryAfter: left, ...receipt }
  }
}

const toSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))

/** Waits until it has settled, or for so many milliseconds. */
async function settledWithin(work: Promise<unknown>, ms: number, after: Platform['after']): Promise<void> {
  let callOff = () => {}
  const late = new Promise<void>((resolve) => {
    callOff = after(ms, resolve)
  })
  await Promise.race([work, late])
  callOff()
}
