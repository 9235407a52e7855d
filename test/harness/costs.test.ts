import { expect, test } from 'vitest'
import { createCollector, queueSink, webhookSink } from '../../packages/collector/src/index.ts'
import { RECEIVED, toMessages } from '../bench/collector/cost.ts'
import { createBatchMaker } from '../bench/collector/make-batches.ts'

const make = createBatchMaker()
const lengthOf = (text: string) => Buffer.byteLength(text)

test.each([1, 10, 100, 500])(
  'a batch of %i events makes as many messages of a queue, and bytes, as its costs say',
  async (events) => {
    const messages: string[] = []
    const bodies: string[] = []
    const app = createCollector({
      keys: [{ key: 'wk_dev', id: 'dev', origins: 'localhost' }],
      sinks: [
        queueSink({
          queueName: 'batches',
          queue: { sendBatch: async (sent) => void messages.push(...Array.from(sent, ({ body }) => body)) },
        }),
        webhookSink({
          url: 'https://example.com/hook',
          format: 'ndjson',
          fetch: async (_, { body }) => {
            bodies.push(await new Response(body ?? null).text())
            return new Response()
          },
        }),
      ],
      log() {},
    })
    const { batches, lineBytes } = make(1, events, 'gzip')
    const headers = { Origin: 'http://localhost', 'Content-Type': 'text/plain' }
    const body = new Uint8Array(batches[0]?.body ?? [])
    const answer = await app.request('/v1/events?key=wk_dev&encoding=gzip', { method: 'POST', headers, body })
    expect(answer.status).toBe(200)

    const told = toMessages({ lineBytes })
    expect(messages.length).toBe(told.count)
    const mean = lengthOf(messages.join('')) / messages.length
    expect(Math.abs(mean - told.bytes)).toBeLessThan(20)
    const received = (lengthOf(bodies.join('')) - lineBytes) / events
    expect(Math.abs(received - RECEIVED)).toBeLessThan(5)
  },
)
