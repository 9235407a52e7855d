import { env } from 'cloudflare:workers'
import { expect, test, vi } from 'vitest'
import type { Batch } from '../src/core/batch.ts'
import { createCollector } from '../src/create-collector.ts'
import { createQueueConsumer, type QueueLog } from '../src/queue-consumer.ts'
import { noSignatureCache } from '../src/signature-caches/no-signature-cache.ts'
import { queueSink } from '../src/sinks/queue-sink.ts'
import { r2Sink } from '../src/sinks/r2-sink.ts'
import { batchOf, deliverable, lineOf, STREAM } from './batches.ts'
import { onQueue } from './queue-worker.ts'
import { recordingSink } from './recording-sink.ts'

// Real queues of workerd, their consumer and their dead-letter queue, as vitest.config.ts sets them up.

const { signal } = new AbortController()
const batches = queueSink({ queue: env.BATCHES, queueName: 'batches' })
const backoff = () => 0
const soon = { timeout: 5_000, interval: 5 }

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const trace = { traceId, traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: 'rojo=1' }

/** A batch of a trace, which each hop has to hand on. */
const traced = async (first: number, last: number): Promise<Batch> => ({ ...(await deliverable(first, last)), trace })

test('a sink that fails twice has the batch in the end, and neighbours do not wait for it', async () => {
  let failures = 0
  const order: string[] = []
  const sink = recordingSink({
    before: async ({ batchId }) => {
      if (batchId.endsWith(':1-2') && failures++ < 2) return { kind: 'transient', detail: 'away' }
      order.push(batchId)
      return undefined
    },
  })
  const entries: QueueLog[] = []
  onQueue('batches', createQueueConsumer({ queues: { batches: [sink] }, backoff, log: (entry) => entries.push(entry) }))
  const [failing, good] = [await traced(1, 2), await traced(3, 4)]
  for (const batch of [failing, good]) expect((await batches.deliver(batch, signal)).ok).toBe(true)
  await vi.waitFor(() => expect(order).toEqual([good.batchId, failing.batchId]), soon)
  expect([...sink.batches.values()]).toEqual([good, failing])
  const attempts = entries.filter(({ batchId }) => batchId === failing.batchId)
  expect(attempts.map(({ attempts, acked }) => [attempts, acked])).toEqual([
    [1, false],
    [2, false],
    [3, true],
  ])
})

test('what can never be delivered comes to the dead-letter queue, as it was, and is not lost in between', async () => {
  const dead: unknown[] = []
  const sink = recordingSink({
    before: async ({ batchId }) => (batchId.endsWith(':5-5') ? { kind: 'transient', detail: 'never' } : undefined),
  })
  onQueue('batches', createQueueConsumer({ queues: { batches: [sink] }, backoff }))
  onQueue('dead', async ({ messages }) => {
    dead.push(...messages.map(({ body }) => body))
  })
  await env.BATCHES.send('no message of ours', { contentType: 'text' })
  await batches.deliver(await deliverable(5, 5), signal)
  await batches.deliver(await deliverable(6, 6), signal)
  await vi.waitFor(() => expect(dead).toHaveLength(2), soon)
  expect(dead).toContain('no message of ours')
  expect(dead).toContainEqual(expect.stringContaining(`"batchId":"${STREAM}:5-5"`))
  expect([...sink.batches.keys()]).toEqual([`${STREAM}:6-6`])
})

test('the largest batch goes through collector, queue and consumer into R2, and again without a trace', async () => {
  const r2 = r2Sink({ bucket: env.EVENTS, bucketName: 'events', prefix: 'queued/' })
  const acked: string[] = []
  const log = ({ batchId, acked: done }: QueueLog) => done && batchId && acked.push(batchId)
  onQueue('batches', createQueueConsumer({ queues: { batches: [r2] }, backoff, log }))
  const app = createCollector({
    keys: [{ key: 'wk_1', id: 'site', origins: ['https://a.example'] }],
    sinks: [batches],
    signatureCache: noSignatureCache, // So that the repeat reaches the queue.
  })
  const lines = Array.from({ length: 11 }, (_, index) =>
    lineOf(index + 1, { properties: { note: 'ü'.repeat(8_000), more: 'x' }, context: { text: 'y'.repeat(28_000) } }),
  )
  const present = () =>
    app.request('/v1/events?key=wk_1', {
      method: 'POST',
      headers: { Origin: 'https://a.example', 'Content-Type': 'text/plain' },
      body: batchOf(1, 11, lines),
    })
  expect((await present()).status).toBe(200)
  await vi.waitFor(() => expect(acked).toHaveLength(6), soon)
  expect((await present()).status).toBe(200)
  await vi.waitFor(() => expect(acked).toHaveLength(12), soon)

  const { objects } = await env.EVENTS.list({ prefix: 'queued/' })
  expect(objects.map(({ key }) => key.split('/').at(-1))).toEqual(
    ['01-2', '03-4', '05-6', '07-8', '09-10', '11-11'].map((range) => `${'0'.repeat(14)}${range}.ndjson`),
  )
  const texts = await Promise.all(objects.map(async ({ key }) => (await env.EVENTS.get(key))?.text() ?? ''))
  const stored = texts.join('').trimEnd().split('\n')
  expect(stored.map((line) => `${line.slice(0, line.lastIndexOf(',"received"'))}}`)).toEqual(lines)
})

test('one hop and a queue for each sink: what one of them lacks is not repeated to the other', async () => {
  let failures = 0
  const taken: string[] = []
  const one = recordingSink({ name: 'one', before: async () => void taken.push('one') })
  const other = recordingSink({
    name: 'other',
    before: async () => (failures++ < 2 ? { kind: 'transient', detail: 'away' } : void taken.push('other')),
  })
  const consumer = createQueueConsumer({
    queues: {
      batches: [
        queueSink({ queue: env.ONE, queueName: 'one', name: 'to-one' }),
        queueSink({ queue: env.OTHER, queueName: 'other', name: 'to-other' }),
      ],
      one: [one],
      other: [other],
    },
    backoff,
  })
  for (const queue of ['batches', 'one', 'other']) onQueue(queue, consumer)
  const batch = await traced(7, 9)
  await batches.deliver(batch, signal)
  await vi.waitFor(() => expect(taken).toEqual(['one', 'other']), soon)
  for (const sink of [one, other]) expect([...sink.batches.values()]).toEqual([batch])
})
