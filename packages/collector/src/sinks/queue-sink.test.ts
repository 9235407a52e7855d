import { expect, test } from 'vitest'
import { deliverable, lineOf, linesOf } from '../../test/batches.ts'
import { ConfigurationError } from '../core/configuration-error.ts'
import { type MessageQueue, queueSink } from './queue-sink.ts'

const { signal } = new AbortController()
const large = Array.from({ length: 11 }, (_, index) => lineOf(index + 1, { properties: { note: 'x'.repeat(44_000) } }))

function recordingQueue(send: (call: number) => unknown = () => {}) {
  const calls: { body: string; contentType: 'text' }[][] = []
  const queue: MessageQueue = {
    async sendBatch(messages) {
      await send(calls.length)
      calls.push([...messages])
    },
  }
  return { calls, sink: queueSink({ queue, queueName: 'batches' }) }
}

test('a large batch goes in calls of at most 256,000 bytes with what a message weighs beside its body, in order', async () => {
  const { calls, sink } = recordingQueue()
  expect((await sink.deliver(await deliverable(1, 11, large), signal)).ok).toBe(true)
  expect(calls.map((call) => call.length)).toEqual([2, 2, 2])
  for (const call of calls) {
    expect(call.reduce((sum, { body }) => sum + new TextEncoder().encode(body).length + 100, 0)).toBeLessThan(256_000)
  }
  const firsts = calls.flat().map(({ body }) => JSON.parse(body.slice(0, body.indexOf('\n'))).header.first)
  expect(firsts).toEqual([1, 3, 5, 7, 9, 11])
})

test('a queue that takes the beginning of a batch and no more does not have it', async () => {
  const { calls, sink } = recordingQueue((call) => {
    if (call === 1) throw new Error('Too Many Requests')
  })
  expect(await sink.deliver(await deliverable(1, 11, large), signal)).toEqual({
    ok: false,
    fault: { kind: 'transient', detail: 'Error: Too Many Requests' },
  })
  expect(calls).toHaveLength(1)
})

test('nothing more is sent when the signal has fired', async () => {
  const { calls, sink } = recordingQueue()
  expect((await sink.deliver(await deliverable(1, 2, linesOf(1, 2)), AbortSignal.abort())).ok).toBe(false)
  expect(calls).toEqual([])
})

test.each<[what: string, change: object, message: string]>([
  ['no binding', { queue: undefined }, 'queue queue: bind a Cloudflare Queue in wrangler.jsonc, and hand its binding'],
  ['a queue without name', { queueName: '' }, 'queue queueName: it is empty; set it to what the queue is called'],
  ['a queue whose name is not set', { queueName: undefined }, 'queue queueName: it is missing; set it to what'],
  ['an option that there is not', { binding: {} }, "queue: there is no setting 'binding'"],
])('%s is refused when the sink is made', (_, change, message) => {
  const options = { queue: { sendBatch: async () => {} }, queueName: 'batches', ...change }
  expect(() => queueSink(options)).toThrow(ConfigurationError)
  expect(() => queueSink(options)).toThrow(message)
})
