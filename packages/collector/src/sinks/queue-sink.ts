import { fail, ok } from '@waybill/protocol'
import { abortable } from '../core/abortable.ts'
import type { Bytes } from '../core/bytes.ts'
import { checkBinding, checkNothingElse, checkText } from '../core/check-kind.ts'
import { describeError } from '../core/describe-error.ts'
import { toQueueMessages } from '../core/queue-message.ts'
import type { Sink } from '../core/sink.ts'
import { toGeneration } from '../core/to-generation.ts'

/** So much of Cloudflare's `Queue` as is used: written out, so that these types ask for no others. */
export interface MessageQueue {
  sendBatch(messages: Iterable<{ body: string; contentType: 'text' }>): Promise<unknown>
}

export interface QueueSinkOptions {
  /** A producer binding of a Cloudflare Queue. */
  queue: MessageQueue
  /** What the queue is called in the Wrangler configuration: its binding does not say. */
  queueName: string
  /** Default `queue`. */
  name?: string
  /** Default `true`. */
  required?: boolean
}

/** Of one `sendBatch`, with 1 KB as 1,000 bytes (developers.cloudflare.com/queues/platform/limits). */
const CALL = { messages: 100, bytes: 256_000 }

/** What a message weighs beside its body: `~100 bytes of internal metadata` (same page). */
const METADATA = 100

/**
 * Hands each batch to a Cloudflare Queue, for a consumer to deliver (`createQueueConsumer`). `ok` means that all its messages
 * are written to disk there (developers.cloudflare.com/queues/configuration/javascript-apis). That is `accepted` and not
 * `durable`: a queue deletes what it could not deliver in its retention period, of 4 days if nothing else is set, or in
 * `max_retries` when no dead-letter queue is named.
 *
 * A queue keeps no order and knows no repeats. A batch of more than 110,000 bytes travels as several messages, each of which
 * is a batch of its own with its own batch id and digest, the same on every repeat: the sink behind the queue tells repeats by them.
 */
export function queueSink({ queue, queueName, name = 'queue', required = true, ...others }: QueueSinkOptions): Sink {
  checkNothingElse('queue', others)
  checkBinding('queue queue', queue, ['sendBatch'], 'a Cloudflare Queue')
  checkText('queue queueName', queueName, 'set it to what the queue is called in wrangler.jsonc')
  return {
    name,
    guarantee: 'accepted',
    required,
    generation: toGeneration(queueName),
    idempotency: { key: 'none', window: 'none' },
    async deliver(batch, signal) {
      try {
        // One call after the other: a queue keeps the order of what it is handed as well as it can.
        for (const call of toCalls(await toQueueMessages(batch))) {
          signal.throwIfAborted()
          await abortable(queue.sendBatch(call), signal)
        }
        return ok(undefined)
      } catch (error) {
        return fail({ kind: 'transient', detail: describeError(error) })
      }
    },
  }
}

type Call = { body: string; contentType: 'text' }[]

function toCalls(bodies: readonly Bytes[]): Call[] {
  const decoder = new TextDecoder()
  const calls: Call[] = []
  let room = 0
  for (const body of bodies) {
    const needed = body.length + METADATA
    if (needed > room || calls.at(-1)?.length === CALL.messages) {
      calls.push([])
      room = CALL.bytes
    }
    // As text it can be read in Cloudflare's dashboard, in the dead-letter queue above all.
    calls.at(-1)?.push({ body: decoder.decode(body), contentType: 'text' })
    room -= needed
  }
  return calls
}
