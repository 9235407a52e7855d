import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { toQueueMessages } from '../../packages/collector/src/core/queue-message.ts'
import * as collector from '../../packages/collector/src/index.ts'
import * as node from '../../packages/collector/src/node.ts'
import { deliverable } from '../../packages/collector/test/batches.ts'
import { examples, toSinkTable } from '../../packages/collector/test/sink-table.ts'
import { findPart } from './readme-part.ts'

const root = join(import.meta.dirname, '../..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const sinks = Object.keys({ ...collector, ...node }).filter((name) => name.endsWith('Sink'))

test('the README says of each sink what it says of itself; `pnpm sinks` writes it', () => {
  const { begin, end } = findPart(readme, 'sinks')
  expect(readme.slice(begin, end)).toBe(`${toSinkTable(examples)}\n`)
})

test('no sink of the package is left out of the table, nor of the suite', () => {
  expect(Object.keys(examples).toSorted()).toEqual(sinks.toSorted())
  const suite = readFileSync(join(root, 'packages/collector/test/sinks.test.ts'), 'utf8')
  for (const name of sinks) expect(suite).toContain(`import('./sinks/${name.replace(/Sink$/, '')}.ts')`)
})

const bucket = { head: async () => null, put: async () => ({}) }

/** What the block of the README exports that has this in it, with nothing there that it does not import or define itself. */
function run(text: string) {
  const blocks = readme.match(/^```ts\n.*?^```/gms) ?? []
  const code = blocks.find((block) => block.includes("from '@waybill/collector'") && block.includes(text)) ?? ''
  const body = stripTypeScriptTypes(code.replaceAll(/^```.*$/gm, ''))
    .replace(/^\s*import (\{.*?\}) from '@waybill\/collector'/s, 'const $1 = exported')
    .replace(/export default|export const toCollector =/, 'return')
  return new Function('exported', body)(collector)
}

test("the README's collector with three sinks is one", async () => {
  const toCollector = run('export const toCollector')
  const app = toCollector({
    S3_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    S3_SECRET: 'secret',
    SEGMENT_WRITE_KEY: 'abc123',
    EVENTS: bucket,
  })
  expect(await (await app.request('/health')).json()).toMatchObject({ status: 'ok', sinks: ['s3', 'segment'] })
})

test("the README's Worker with queues is one", async () => {
  const sent: string[] = []
  const queue = (name: string) => ({
    async sendBatch(messages: Iterable<{ body: string }>) {
      for (const _ of messages) sent.push(name)
    },
  })
  const env = { BATCHES: queue('batches'), TO_R2: queue('r2'), TO_WEBHOOK: queue('webhook'), EVENTS: bucket }
  const worker = run('createQueueConsumer(')
  const settings = {
    ...env,
    WRITE_KEYS: JSON.stringify({
      wk_live_1: { id: 'shop', origins: ['https://www.example.com'], rate: { limit: 1, period: 3600 } },
    }),
    WEBHOOK_URL: 'https://example.com',
    WEBHOOK_SECRET: 'whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0',
  }
  const health = await worker.fetch(new Request('https://collector.example/health'), settings)
  expect(await health.json()).toMatchObject({ status: 'ok', sinks: ['queue'] })
  const present = async () => {
    const headers = { 'Content-Type': 'text/plain', Origin: 'https://www.example.com' }
    const url = 'https://collector.example/v1/events?key=wk_live_1'
    const response: Response = await worker.fetch(new Request(url, { method: 'POST', headers, body: '{}' }), settings)
    return response.status
  }
  // One collector has both requests: only it can have counted the first.
  expect([await present(), await present()]).toEqual([400, 429])
  const [body] = await toQueueMessages(await deliverable(1, 1))
  const acked: string[] = []
  const message = { id: '1', attempts: 1, body: new TextDecoder().decode(body), ack: () => acked.push('1') }
  await worker.queue({ queue: 'waybill-batches', messages: [message] }, settings)
  expect([acked, sent]).toEqual([['1'], ['r2', 'webhook']])
  // The consumer is there by now, and needs no settings any more.
  await worker.queue({ queue: 'waybill-batches', messages: [message] }, {})
  expect(sent).toEqual(['r2', 'webhook', 'r2', 'webhook'])
})
