import type { BatchId } from '@waybill/protocol'
import type { SinkOutcome } from './core/batch-log.ts'
import { toOutcomes } from './core/batch-log.ts'
import { checkNothingElse, isObject } from './core/check-kind.ts'
import { ConfigurationError } from './core/configuration-error.ts'
import type { Delivery } from './core/delivery.ts'
import { harmless } from './core/harmless.ts'
import { fromQueueMessage } from './core/queue-message.ts'
import { toBackoff, toRetryDelay } from './core/retry-delay.ts'
import type { Sink } from './core/sink.ts'
import { toTrace } from './core/trace-context.ts'
import { withDeadLetter } from './core/with-dead-letter.ts'
import { fanOut } from './fan-out.ts'
import { checkDeadLetter, checkSinkDeadline, checkSinks } from './options.ts'
import { webPlatform } from './web-platform.ts'

/** What one delivery of one message came to. Holds no control characters and nothing of any event. */
export interface QueueLog {
  /** RFC 3339. */
  at: string
  queue: string
  /** The queue's own id of the message. */
  messageId: string
  /** How often it was delivered, from 1. */
  attempts: number
  /** Whether the queue may forget it. */
  acked: boolean
  /** In how many seconds it comes again; after the last of its retries, the queue moves it to its dead-letter queue. */
  retryAfter?: number
  /** Why no sink was asked. */
  detail?: string
  /** Absent when it is no message of ours. */
  batchId?: BatchId
  keyId?: string
  /** The W3C trace of the request that brought the batch, 32 hex digits. */
  traceId?: string
  sinks: SinkOutcome[]
}

export interface QueueConsumerOptions {
  /** Which sinks have what of each queue, by its name; at least one of a queue's sinks is required. */
  queues: Readonly<Record<string, readonly Sink[]>>
  /**
   * Who gets the events that a sink refuses, before a tombstone takes their places. For one sink only, use `withDeadLetter`.
   * Default: the tombstone is all that is left of them.
   */
  deadLetter?: Sink
  /** How long each sink may take, in milliseconds. Default 10,000. */
  sinkDeadline?: number
  /** In how many seconds a message is tried again, by how often it was. Default: 10, doubled each time, up to 1,800. */
  backoff?: (attempts: number) => number
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  now?: () => number
  /** Called once for each delivery of a message. Default: nothing is logged. */
  log?: (entry: QueueLog) => void
}

/** So much of Cloudflare's `Message` as is used. */
export interface QueuedMessage {
  readonly id: string
  readonly body: unknown
  readonly attempts: number
  ack(): void
  retry(options?: { delaySeconds?: number }): void
}

/** So much of Cloudflare's `MessageBatch` as is used. */
export interface QueuedMessages {
  readonly queue: string
  readonly messages: readonly QueuedMessage[]
}

/** So much of a Worker's `ExecutionContext` as is used. */
export interface QueueContext {
  waitUntil(work: Promise<unknown>): void
}

/**
 * What a Worker's `queue` handler is. It never rejects: each message is acknowledged, or retried, by itself. Sinks that are not
 * required get the messages when that is done. With a context the handler has ended by then; without one it waits for them.
 */
export type QueueConsumer = (batch: QueuedMessages, env?: unknown, context?: QueueContext) => Promise<void>

/** Deliveries at a time: a Worker has six connections that wait for their answer (developers.cloudflare.com/workers/platform/limits). */
const LANES = 6

/** The longest wait of a message that cannot be read: it is of another release or no message of ours, and no sink's outage. */
const UNREADABLE = 60

/**
 * Delivers what `queueSink` has queued to any sinks, as the collector would: events that a sink refuses become tombstones, and
 * a message is acknowledged when all required sinks have it. Otherwise the queue is asked for it again, so late as a sink
 * wants it. What never succeeds, or is no message of ours, goes to the dead-letter queue of the consumer's configuration after
 * `max_retries`. Throws a `ConfigurationError` for a setting that cannot work.
 *
 * A message that is tried again goes to all sinks of its queue. With one queue for each sink, which a first consumer may fill
 * by `queueSink`s, nothing is repeated to a sink for another's sake.
 */
export function createQueueConsumer({
  queues,
  deadLetter,
  sinkDeadline = 10_000,
  backoff = toBackoff,
  now = Date.now,
  log = () => {},
  ...others
}: QueueConsumerOptions): QueueConsumer {
  checkNothingElse('createQueueConsumer', others)
  checkQueues(queues, deadLetter)
  checkSinkDeadline(sinkDeadline)
  const tell = harmless(log)

  /** Resolves when the message is settled, to what is left to do when all others are. */
  async function deliver(message: QueuedMessage, queue: string): Promise<(() => Promise<void>) | undefined> {
    const { id: messageId, attempts } = message
    const settle = (retryAfter: number | undefined) => {
      if (retryAfter === undefined) message.ack()
      else message.retry({ delaySeconds: retryAfter })
      const acked = retryAfter === undefined
      const at = new Date(now()).toISOString()
      return (rest: Pick<QueueLog, 'detail' | 'batchId' | 'keyId' | 'traceId' | 'sinks'>) =>
        tell({ at, queue, messageId, attempts, acked, ...(retryAfter === undefined ? {} : { retryAfter }), ...rest })
    }

    const sinks = Object.hasOwn(queues, queue) ? queues[queue] : undefined
    if (!sinks) {
      settle(toRetryDelay(backoff(attempts), []))({ detail: `queues: add '${queue}', with its sinks`, sinks: [] })
      return
    }
    const queued = fromQueueMessage(message.body)
    if (!queued) {
      const delay = toRetryDelay(Math.min(UNREADABLE, backoff(attempts)), [])
      settle(delay)({ detail: 'it is no message of ours, or of a later release', sinks: [] })
      return
    }
    const trace = queued.trace ?? toTrace(queued.digest)
    const batch = { ...queued, trace }
    const kept = deadLetter ? sinks.map((sink) => withDeadLetter(sink, deadLetter)) : sinks
    const allowance = { deadline: sinkDeadline, after: webPlatform.after, now }
    const required = kept.filter((sink) => sink.required)
    const bestEffort = kept.filter((sink) => !sink.required)

    const deliveries = await fanOut(batch, required, allowance).required
    const faults = deliveries.flatMap(({ result }) => (result.ok ? [] : [result.fault]))
    const asked = faults.map(({ retryAfter }) => retryAfter)
    const say = settle(faults.length === 0 ? undefined : toRetryDelay(backoff(attempts), asked))
    const conclude = (all: Delivery[]) => {
      const { batchId, keyId } = batch
      say({ batchId, keyId, traceId: trace.traceId, sinks: toOutcomes(all) })
    }
    if (bestEffort.length > 0) {
      return async () => conclude([...deliveries, ...(await fanOut(batch, bestEffort, allowance).bestEffort)])
    }
    conclude(deliveries)
    return
  }

  return async function consume({ queue, messages }, _env, context) {
    const left: (() => Promise<void>)[] = []
    await inLanes(messages, async (message) => {
      try {
        const rest = await deliver(message, queue)
        if (rest) left.push(rest)
      } catch {
        // What is neither acknowledged nor retried when the handler is done counts as acknowledged.
        message.retry()
      }
    })
    // Not before, as one that hangs would keep a connection from those that are required.
    const ended = inLanes(left, (rest) => rest())
    if (context) context.waitUntil(ended)
    else await ended
  }
}

/** A few at a time. What waits for its turn has not begun, so that no deadline of it runs. */
async function inLanes<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = items.values()
  const lane = async () => {
    for (const item of waiting) await work(item)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

function checkQueues(queues: QueueConsumerOptions['queues'], deadLetter: Sink | undefined): void {
  if (!isObject(queues) || Object.keys(queues).length === 0)
    throw new ConfigurationError('queues: name at least one queue, with its sinks.')
  for (const [queue, sinks] of Object.entries(queues)) {
    try {
      checkSinks(sinks)
      checkDeadLetter(deadLetter, sinks)
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      throw new ConfigurationError(`queues: '${queue}': ${error.message}`)
    }
  }
}
