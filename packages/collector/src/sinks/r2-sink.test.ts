import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { deliverable, lineOf, STREAM } from '../../test/batches.ts'
import { ConfigurationError } from '../core/configuration-error.ts'
import { toObjectKey } from '../core/object-key.ts'
import { type R2SinkOptions, r2Sink } from './r2-sink.ts'

const { signal } = new AbortController()
const keys = async (prefix: string) => (await env.EVENTS.list({ prefix })).objects.map(({ key }) => key)
const textAt = async (key: string) => (await env.EVENTS.get(key))?.text()

test('a batch lies below its site, the day it was cut and its stream, so that keys sort as the stream ran', async () => {
  await r2Sink({ bucket: env.EVENTS, bucketName: 'events', prefix: 'layout/' }).deliver(
    await deliverable(41, 42),
    signal,
  )
  expect(await keys('layout/')).toEqual([`layout/site/dt=2026-11-22/${STREAM}/0000000000000041-42.ndjson`])
})

test('an object says which batch it is, by id and digest, and that it is NDJSON', async () => {
  const batch = await deliverable(1, 1)
  await r2Sink({ bucket: env.EVENTS, bucketName: 'events', prefix: 'metadata/' }).deliver(batch, signal)
  const object = await env.EVENTS.head(`metadata/${toObjectKey(batch)}`)
  expect(object?.customMetadata).toEqual({ digest: batch.digest, batchId: batch.batchId })
  expect(object?.httpMetadata?.contentType).toBe('application/x-ndjson')
})

test('a repeat does not touch the object', async () => {
  const sink = r2Sink({ bucket: env.EVENTS, bucketName: 'events', prefix: 'repeat/' })
  const batch = await deliverable(1, 1)
  await sink.deliver(batch, signal)
  const before = await env.EVENTS.head(`repeat/${toObjectKey(batch)}`)
  await sink.deliver({ ...batch, lines: [new TextEncoder().encode(lineOf(1, { received: { at: 'later' } }))] }, signal)
  const after = await env.EVENTS.head(`repeat/${toObjectKey(batch)}`)
  expect(after?.version).toBe(before?.version)
})

test('a forked stream is written beside the first, and its repeats are told from it', async () => {
  const sink = r2Sink({ bucket: env.EVENTS, bucketName: 'events', prefix: 'fork/' })
  const batch = await deliverable(1, 1)
  const forked = await deliverable(1, 1, [lineOf(1, { event: 'Something Else' })])
  expect((await sink.deliver(batch, signal)).ok).toBe(true)
  expect((await sink.deliver(forked, signal)).ok).toBe(true)
  expect((await sink.deliver(forked, signal)).ok).toBe(true)
  expect((await sink.deliver(batch, signal)).ok).toBe(true)
  const key = `fork/site/dt=2026-11-22/${STREAM}/0000000000000001-1`
  expect(await keys('fork/')).toEqual([`${key}.ndjson`, `${key}~${forked.digest.slice(0, 8)}.ndjson`])
  expect(await textAt(`${key}.ndjson`)).toContain('Order Completed')
  expect(await textAt(`${key}~${forked.digest.slice(0, 8)}.ndjson`)).toContain('Something Else')
})

test('a batch is not called recorded when both of its places are taken by other bytes', async () => {
  const sink = r2Sink({ bucket: env.EVENTS, bucketName: 'events', prefix: 'taken/' })
  const batch = await deliverable(1, 1)
  const forked = await deliverable(1, 1, [lineOf(1, { event: 'Something Else' })])
  await sink.deliver(batch, signal)
  const beside = `taken/site/dt=2026-11-22/${STREAM}/0000000000000001-1~${forked.digest.slice(0, 8)}.ndjson`
  await env.EVENTS.put(beside, 'not ours')
  expect((await sink.deliver(forked, signal)).ok).toBe(false)
})

test('it is ready where the bucket answers, and not where it does not', async () => {
  expect(await r2Sink({ bucket: env.EVENTS, bucketName: 'events' }).ready?.(signal)).toEqual({
    ok: true,
    value: undefined,
  })
  const away: R2SinkOptions['bucket'] = { head: () => Promise.reject(new Error('R2 is away')), put: async () => null }
  const fault = { kind: 'transient', detail: 'Error: R2 is away' }
  expect(await r2Sink({ bucket: away, bucketName: 'events' }).ready?.(signal)).toEqual({ ok: false, fault })
})

test.each<[what: string, change: object, message: string]>([
  ['no binding', { bucket: undefined }, 'r2 bucket: bind an R2 bucket in wrangler.jsonc'],
  ['a binding of something else', { bucket: { get: async () => null } }, 'r2 bucket: bind an R2 bucket'],
  [
    'a bucket without name',
    { bucketName: '' },
    'r2 bucketName: it is empty; set it to what the bucket is called in wrang',
  ],
  ['a bucket whose name is not set', { bucketName: undefined }, 'r2 bucketName: it is missing; set it to what'],
  ['a prefix that is null', { prefix: null }, 'r2 prefix: it is no text; use a text, or leave it out.'],
  ['an option that there is not', { perfix: 'a/' }, "r2: there is no setting 'perfix'"],
])('%s is refused when the sink is made', (_, change, message) => {
  expect(() => r2Sink({ bucket: env.EVENTS, bucketName: 'events', ...change })).toThrow(ConfigurationError)
  expect(() => r2Sink({ bucket: env.EVENTS, bucketName: 'events', ...change })).toThrow(message)
})
