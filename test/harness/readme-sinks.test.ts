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

/** What the block of the README exports first that names this. */
function run(name: string) {
  const code =
    readme.match(/^```ts\n(import \{ createCollector.*?)^```/gms)?.find((block) => block.includes(name)) ?? ''
  const body = stripTypeScriptTypes(code.replaceAll(/^```.*$/gm, ''))
    .replace(/^\s*import (\{.*\}) from '@waybill\/collector'/, 'const $1 = collector')
    .replace(/export default|export const toCollector =/, 'return')
    .replaceAll('export const', 'const')
  const keys = [{ key: 'wk_live_1', id: 'shop', origins: ['https://www.example.com'] }]
  return new Function('collector', 'keys', body)(collector, keys)
}

test("the README's collector with three sinks is one", async () => {
  const toCollector = run('toCollector')
  const app = toCollector({ S3_KEY_ID: 'AKIA…', S3_SECRET: 'secret', SEGMENT_WRITE_KEY: 'abc123', EVENTS: bucket })
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
  const worker = run('consumerOf')
  const settings = {
    ...env,
    WEBHOOK_URL: 'https://example.com',
    WEBHOOK_SECRET: 'whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0',
  }
  const health = await worker.fetch(new Request('https://collector.example/health'), settings)
  expect(await health.json()).toMatchObject({ status: 'ok', sinks: ['queue'] })
  const [body] = await toQueueMessages(await deliverable(1, 1))
  const acked: string[] = []
  const message = { id: '1', attempts: 1, body: new TextDecoder().decode(body), ack: () => acked.push('1') }
  await worker.queue({ queue: 'waybill-batches', messages: [message] }, settings)
  expect([acked, sent]).toEqual([['1'], ['r2', 'webhook']])
})
