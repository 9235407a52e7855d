import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  createCollector,
  createQueueConsumer,
  noSignatureCache,
  queueSink,
  r2Sink,
  type Sink,
} from '@waybill/collector'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { audit } from '../src/commands/audit.ts'
import type { AuditReport } from '../src/core/report.ts'
import { event, range, stream, time, tombstone } from './sink-data.ts'

// What the real collector writes with its real sinks, and not what this package believes of it.

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-collector-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A queue in memory whose consumer delivers at once. */
function throughQueue(...sinks: Sink[]): Sink {
  const consume = createQueueConsumer({ queues: { batches: sinks } })
  return queueSink({
    queueName: 'batches',
    queue: {
      async sendBatch(messages) {
        const settle = { ack: () => {}, retry: () => expect.unreachable() }
        const queued = Array.from(messages, ({ body }, index) => ({ id: String(index), body, attempts: 1, ...settle }))
        await consume({ queue: 'batches', messages: queued })
      },
    },
  })
}

/** A bucket in memory, and a destination that keeps each batch as a webhook would get it. */
function startCollector({ isQueued = false } = {}) {
  const objects = new Map<string, { body: Uint8Array; customMetadata: Record<string, string> }>()
  const arrays: string[] = []
  const bucket = r2Sink({
    bucketName: 'events',
    bucket: {
      head: async (key) => objects.get(key) ?? null,
      async put(key, value, { customMetadata }) {
        if (objects.has(key)) return null
        objects.set(key, { body: Uint8Array.from(value), customMetadata })
        return {}
      },
    },
  })
  const decoder = new TextDecoder()
  const webhook: Sink = {
    name: 'webhook',
    guarantee: 'accepted',
    required: true,
    generation: '1',
    idempotency: { key: 'none', window: 'none' },
    async deliver({ lines }) {
      arrays.push(`[${lines.map((line) => decoder.decode(line)).join(',')}]`)
      return { ok: true, value: undefined }
    },
  }
  let now = Date.parse(time(60_000))
  const app = createCollector({
    keys: [{ key: 'wk_shop', id: 'shop', origins: ['https://www.example.com'] }],
    sinks: isQueued ? [throughQueue(bucket, webhook)] : [bucket, webhook],
    signatureCache: noSignatureCache, // So that repeats reach the sinks.
    now: () => now++,
  })
  return {
    async present(first: number, last: number, lines: readonly string[]) {
      const header = {
        v: 1,
        batchId: `${stream}:${first}-${last}`,
        streamId: stream,
        first,
        last,
        cutAt: time(0),
        sdk: 'test/1',
        sentAt: time(1_000),
        attempt: 1,
      }
      const response = await app.request('/v1/events?key=wk_shop', {
        method: 'POST',
        headers: { Origin: 'https://www.example.com', 'Content-Type': 'text/plain' },
        body: [JSON.stringify(header), ...lines, ''].join('\n'),
      })
      expect(response.status).toBe(200)
    },
    /** As a client of Segment's API does. */
    async post(batch: readonly object[]) {
      const response = await app.request('/v1/batch', {
        method: 'POST',
        headers: { Origin: 'https://www.example.com', 'Content-Type': 'application/json' },
        body: JSON.stringify({ batch, writeKey: 'wk_shop', sentAt: time(now - Date.parse(time(0))) }),
      })
      expect(response.status).toBe(200)
    },
    /** Copies what the destinations hold to the disk, and audits one of them. */
    async audit(destination: 'bucket' | 'webhook.json'): Promise<{ code: number; report: AuditReport }> {
      for (const [key, { body }] of objects) {
        const path = join(folder, 'bucket', key)
        await mkdir(dirname(path), { recursive: true })
        await writeFile(path, body)
      }
      await writeFile(join(folder, 'webhook.json'), arrays.map((array) => `${array}\n`).join(''))
      let stdout = ''
      const terminal = {
        stdin: process.stdin,
        env: {},
        stdout: { write: (text: string) => (stdout += text) },
        stderr: { write: () => {} },
      }
      const call = { paths: [join(folder, destination)], flags: new Set(['json']), values: {}, lists: {} }
      return { code: await audit.run(call, terminal), report: JSON.parse(stdout) }
    },
  }
}

const events = (first: number, last: number, name = 'Clicked') => range(first, last).map((seq) => event(seq, { name }))

test('what it delivers is complete: repeats, shed ranges, and an event that it rejects', async () => {
  const collector = startCollector()
  await collector.present(1, 20, events(1, 20))
  await collector.present(21, 40, [tombstone(21, { through: 30 }), ...events(31, 39), '{"damaged'])
  await collector.present(21, 40, [tombstone(21, { through: 30 }), ...events(31, 39), '{"damaged'])
  for (const [destination, batches] of [
    ['bucket', 0],
    ['webhook.json', 1],
  ] as const) {
    const { code, report } = await collector.audit(destination)
    expect(code, destination).toBe(0)
    expect(report).toMatchObject({
      verdict: 'complete',
      totals: { events: 29, shed: 10, rejected: 1, missing: 0, repeats: { batches, events: 9 * batches } },
      skewMs: { min: expect.any(Number) },
      remarks: [],
    })
    expect(report.streams[0]?.explained).toEqual([
      { first: 21, last: 30, explanation: 'shed: cap' },
      { first: 40, last: 40, explanation: 'rejected: invalid_json' },
    ])
  }
})

test('a profile that was restored from a copy and went on differently is a fork', async () => {
  const collector = startCollector()
  await collector.present(1, 20, events(1, 20))
  await collector.present(21, 40, events(21, 40))
  await collector.present(21, 40, [...events(21, 30), ...events(31, 40, 'Else')])
  for (const destination of ['bucket', 'webhook.json'] as const) {
    const { code, report } = await collector.audit(destination)
    expect(code, destination).toBe(1)
    expect(report).toMatchObject({
      verdict: 'incomplete',
      totals: { forked: 1, missing: 0, repeats: { batches: 1, events: 10 } },
    })
    expect(report.streams[0]?.forks).toMatchObject([{ kind: 'content', first: 31, last: 40 }])
  }
})

test('what clients of Segment’s API send is complete as well, a stream for each request', async () => {
  const collector = startCollector()
  const eventOf = (marker: number) => ({
    type: 'track',
    event: 'Clicked',
    messageId: `ajs-next-${marker}`,
    userId: 'u-1',
    timestamp: time(marker),
  })
  const many = range(1, 600).map(eventOf)
  await collector.post(many)
  await collector.post(many)
  await collector.post([eventOf(601), { ...eventOf(602), event: '' }])
  for (const [destination, events] of [
    ['bucket', 0],
    ['webhook.json', 600],
  ] as const) {
    const { code, report } = await collector.audit(destination)
    expect(code, destination).toBe(0)
    expect(report).toMatchObject({
      verdict: 'complete',
      totals: { streams: 2, events: 601, rejected: 1, missing: 0, forked: 0, repeats: { events } },
      remarks: [],
    })
  }
})

test('what a queue has cut into parts is complete, with repeats and a rejected event, and a fork is still a fork', async () => {
  const collector = startCollector({ isQueued: true })
  const large = (seq: number, name = 'Clicked') =>
    event(seq, { name }).replace('"properties":{', `"properties":{"note":"${'x'.repeat(15_000)}",`)
  const lines = range(1, 30).map((seq) => (seq === 15 ? tombstone(15) : large(seq)))
  await collector.present(1, 30, lines)
  await collector.present(1, 30, lines)
  await collector.post([{ type: 'track', event: 'Clicked', messageId: 'm-1', userId: 'u-1', timestamp: time(1) }])
  for (const destination of ['bucket', 'webhook.json'] as const) {
    const { code, report } = await collector.audit(destination)
    expect(code, destination).toBe(0)
    expect(report).toMatchObject({ verdict: 'complete', totals: { events: 30, shed: 1, missing: 0 }, remarks: [] })
    expect(report.totals.files).toBe(destination === 'bucket' ? 6 : 1)
  }
  await collector.present(1, 30, lines.with(29, large(30, 'Else')))
  const { code, report } = await collector.audit('bucket')
  expect(code).toBe(1)
  expect(report.totals).toMatchObject({ forked: 1, missing: 0 })
})
