import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { headerOf, lineOf, STREAM } from '../test/batches.ts'
import { collectorWith, KEY, present, problemOf, recordedOf } from '../test/present.ts'
import { recordingSink } from '../test/recording-sink.ts'
import { toIdempotencyKey } from './core/idempotency-key.ts'
import { type Batch, type CollectorOptions, memorySignatureCache, noSignatureCache, r2Sink } from './index.ts'

const lines = [lineOf(1), lineOf(2, { properties: { note: 'x'.repeat(300) } })]
const lower = { eventBytes: 400 }

/** The same two lines, the second too large for {@link lower}. */
const body = (attempt: number, receipt?: string) => `${headerOf(1, 2, { attempt, receipt })}\n${lines.join('\n')}\n`

const collector = (options: Partial<CollectorOptions>) =>
  collectorWith({ signatureCache: noSignatureCache, ...options }).app

/** The lines of every object below a prefix, by key, each as what its type says. */
async function heldBelow(prefix: string): Promise<string[][]> {
  const { objects } = await env.EVENTS.list({ prefix })
  const texts = await Promise.all(objects.map(async ({ key }) => (await env.EVENTS.get(key))?.text() ?? ''))
  return texts.map((text) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).type),
  )
}

/** Takes everything, and keeps what it was handed. */
function handedTo(name: string, before: (batch: Batch) => Promise<undefined> = async () => undefined) {
  const handed: Batch[] = []
  const sink = {
    ...recordingSink({ name }),
    deliver: async (batch: Batch) => {
      await before(batch)
      handed.push(batch)
      return { ok: true as const, value: undefined }
    },
  }
  return { sink, handed }
}

describe('a batch that another collector took under other limits', () => {
  test('is not called recorded on the strength of the tombstones that it left: the events are put beside them', async () => {
    const sinks = [r2Sink({ bucket: env.EVENTS, bucketName: 'events', prefix: 'other-limits/' })]
    const first = await recordedOf(await present(collector({ sinks, limits: lower }), body(1)))
    expect(first).toMatchObject({ recorded: 1, rejected: [{ seq: 2, code: 'event_too_large' }] })
    expect(await recordedOf(await present(collector({ sinks }), body(2)))).toMatchObject({ recorded: 2, rejected: [] })
    expect(await heldBelow('other-limits/')).toEqual([
      ['track', 'rejected'],
      ['track', 'track'],
    ])
  })

  test('leaves one object for each of the two, however often they come again', async () => {
    const sinks = [r2Sink({ bucket: env.EVENTS, bucketName: 'events', prefix: 'again/' })]
    const [low, high] = [collector({ sinks, limits: lower }), collector({ sinks })]
    for (const app of [low, high, low, high]) await recordedOf(await present(app, body(2)))
    expect(await heldBelow('again/')).toEqual([
      ['track', 'rejected'],
      ['track', 'track'],
    ])
  })

  test('comes to a destination under an idempotency key of its own, and in the same trace', async () => {
    const { sink, handed } = handedTo('webhook')
    for (const limits of [lower, {}, lower]) {
      await recordedOf(await present(collector({ sinks: [sink], limits }), body(2)))
    }
    const [low, high, again] = handed.map(toIdempotencyKey)
    expect(high).not.toBe(low)
    expect(again).toBe(low)
    expect(new Set(handed.map(({ trace }) => trace?.traceId)).size).toBe(1)
  })

  test('and that the cache knows is answered as it was then, and is put nowhere a second time', async () => {
    const { sink, handed } = handedTo('a')
    const signatureCache = memorySignatureCache()
    const first = await recordedOf(await present(collector({ sinks: [sink], limits: lower, signatureCache }), body(1)))
    const second = await recordedOf(await present(collector({ sinks: [sink], signatureCache }), body(2)))
    expect(second).toEqual(first)
    expect(handed).toHaveLength(1)
  })

  test('and that comes with its receipt goes on as it began: who has it is handed nothing, and the other the same', async () => {
    const r2 = r2Sink({ bucket: env.EVENTS, bucketName: 'events', prefix: 'receipt/' })
    let isDown = true
    const other = recordingSink({
      name: 'other',
      before: async () => (isDown ? { kind: 'transient', detail: 'down' } : undefined),
    })
    const receiptKeys = [{ id: 'k1', secret: 'a secret of thirty-two characters' }]
    const parts = { sinks: [r2, other], receiptKeys }
    const { receipt } = await problemOf(await present(collector({ ...parts, limits: lower }), body(1)))
    isDown = false
    const answer = await recordedOf(await present(collector(parts), body(2, receipt)))
    expect(answer).toMatchObject({ batchId: `${STREAM}:1-2`, recorded: 1, rejected: [{ seq: 2 }] })
    expect(await heldBelow('receipt/')).toEqual([['track', 'rejected']])
    expect(other.events().map(({ type }) => type)).toEqual(['track', 'rejected'])
  })
})

test('what Segment’s API rejects under other limits is told apart as well', async () => {
  const { sink, handed } = handedTo('a')
  const event = {
    type: 'track',
    event: 'Marked',
    messageId: 'm-1',
    anonymousId: 'a',
    timestamp: '2026-11-22T09:59:59Z',
  }
  const large = { ...event, messageId: 'm-2', properties: { note: 'x'.repeat(300) } }
  const Authorization = `Basic ${btoa(`${KEY}:`)}`
  for (const limits of [lower, {}]) {
    const app = collector({ sinks: [sink], limits })
    const request = { path: '/v1/batch', query: { key: null }, headers: { Authorization } }
    expect((await present(app, JSON.stringify({ batch: [event, large] }), request)).status).toBe(200)
  }
  const [low, high] = handed
  expect(high?.batchId).toBe(low?.batchId)
  expect(high?.digest).not.toBe(low?.digest)
})

test('where nothing is rejected the digest is of the lines alone, and where something is it is of that too', async () => {
  const { sink, handed } = handedTo('a')
  for (const limits of [{}, lower]) await recordedOf(await present(collector({ sinks: [sink], limits }), body(1)))
  const sha256 = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${lines.join('\n')}\n`))
  const hex = [...new Uint8Array(sha256)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  expect(handed[0]?.digest).toBe(hex)
  expect(handed[1]?.digest).not.toBe(hex)
  expect(handed[1]?.digest).toMatch(/^[0-9a-f]{64}$/)
})
