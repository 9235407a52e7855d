import { expect, test } from 'vitest'
import type { Sink } from '../../src/core/sink.ts'
import { clickhouseSink } from '../../src/sinks/clickhouse-sink.ts'
import { s3Sink } from '../../src/sinks/s3-sink.ts'
import { segmentSink } from '../../src/sinks/segment-sink.ts'
import { webhookSink } from '../../src/sinks/webhook-sink.ts'
import { deliverable } from '../batches.ts'

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const trace = { traceId: TRACEPARENT.slice(3, 35), traceparent: TRACEPARENT, tracestate: 'a=1' }
const credentials = { accessKeyId: 'id', secretAccessKey: 'secret', region: 'auto' }

type Fetch = (url: string, init: RequestInit) => Promise<Response>

test.each<[name: string, create: (fetch: Fetch) => Sink]>([
  ['webhook', (fetch) => webhookSink({ url: 'https://a.example', fetch })],
  ['S3', (fetch) => s3Sink({ url: 'https://s3.example/bucket', ...credentials, fetch })],
  ['ClickHouse', (fetch) => clickhouseSink({ url: 'https://a.example', user: 'u', password: 'p', table: 't', fetch })],
  ['Segment', (fetch) => segmentSink({ url: 'https://a.example/v1/batch', writeKey: 'wk', fetch })],
])('the request of the %s sink is of the batch’s trace, and of none where that has none', async (_, create) => {
  const seen: (string | null)[][] = []
  const sink = create(async (_url, { headers }) => {
    const sent = new Headers(headers)
    seen.push([sent.get('traceparent'), sent.get('tracestate')])
    return new Response(null, { status: 200, headers: { ETag: '"1"' } })
  })
  const batch = await deliverable(1, 1)
  const { signal } = new AbortController()
  expect((await sink.deliver({ ...batch, trace }, signal)).ok).toBe(true)
  expect((await sink.deliver(batch, signal)).ok).toBe(true)
  expect(seen).toEqual([
    [TRACEPARENT, 'a=1'],
    [null, null],
  ])
})
