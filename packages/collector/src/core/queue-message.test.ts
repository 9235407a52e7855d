import { expect, test } from 'vitest'
import { deliverable, lineOf, linesOf, STREAM } from '../../test/batches.ts'
import type { Batch } from './batch.ts'
import { fromQueueMessage, toQueueMessages } from './queue-message.ts'

const decoder = new TextDecoder()
const textOf = (message: Uint8Array) => decoder.decode(message)
const linesIn = ({ lines }: Batch) => lines.map((line) => decoder.decode(line))

/** A batch as the collector hands it on, received so late. */
async function received(first: number, lines: readonly string[], skewMs = 7): Promise<Batch> {
  const last = first + lines.length - 1
  const batch = await deliverable(first, last, lines)
  const member = { at: new Date(1_800_000_000_000 + skewMs).toISOString(), batchId: batch.batchId, skewMs }
  const ending = `,"received":${JSON.stringify(member)}}`
  return { ...batch, lines: lines.map((line) => new TextEncoder().encode(line.slice(0, -1) + ending)) }
}

async function partsOf(batch: Batch): Promise<Batch[]> {
  return (await toQueueMessages(batch)).map((message) => {
    const part = fromQueueMessage(textOf(message))
    if (!part) throw new Error('it cannot be read')
    return part
  })
}

/** As large as events may be, in as many as a batch may hold of them, of bytes that are more than characters. */
const large = Array.from({ length: 11 }, (_, index) => lineOf(index + 1, { properties: { note: 'ä'.repeat(22_000) } }))

test('a batch comes out of its message as it went in, byte for byte', async () => {
  const batch = await received(41, linesOf(41, 43))
  expect(await partsOf(batch)).toEqual([batch])
})

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const trace = { traceId: TRACE_ID, traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01` }

test('all parts of a batch are of its trace', async () => {
  const whole = { ...trace, tracestate: 'vendor=1' }
  const parts = await partsOf({ ...(await received(1, large)), trace: whole })
  expect(new Set(parts.map((part) => JSON.stringify(part.trace)))).toEqual(new Set([JSON.stringify(whole)]))
})

test('a trace that is none is left out, and the batch is not', async () => {
  const [message] = await toQueueMessages({ ...(await received(1, linesOf(1, 2))), trace })
  for (const spoilt of ['7', 'null', '"text"', '{"traceparent":7}', '{"traceparent":"00-x","tracestate":"a=1"}']) {
    const text = textOf(message as Uint8Array).replace(JSON.stringify({ traceparent: trace.traceparent }), spoilt)
    expect(text).toContain(`"trace":${spoilt}`)
    const batch = fromQueueMessage(text)
    expect(batch?.batchId).toBe(`${STREAM}:1-2`)
    expect(batch?.trace).toBeUndefined()
  }
})

test('what the collector did not append to is left as it is', async () => {
  const batch = await deliverable(1, 2, [lineOf(1, { received: { at: 'once' } }), lineOf(2)])
  expect(await partsOf(batch)).toEqual([batch])
})

test('what the collector appended travels once, and the rest of a message is NDJSON', async () => {
  const [message] = await toQueueMessages(await received(1, linesOf(1, 3)))
  const text = textOf(message as Uint8Array)
  expect(text.match(/skewMs/g)).toHaveLength(1)
  expect(text.split('\n').slice(1)).toEqual([...linesOf(1, 3), ''])
})

test('text in an event that looks like what the collector appends is the event’s own', async () => {
  const batch = await received(1, [lineOf(1, { properties: { text: ',"received":{}}' } }), lineOf(2)])
  expect(await partsOf(batch)).toEqual([batch])
})

test('a token and a receipt stay with the collector', async () => {
  const batch = await received(1, linesOf(1, 1))
  const header = { ...batch.header, token: 'secret-token', receipt: 'secret-receipt' }
  const [message] = await toQueueMessages({ ...batch, header })
  expect(textOf(message as Uint8Array)).not.toContain('secret')
})

test('a large batch makes messages of at most 127,900 bytes, each a batch of its own, which together are the batch', async () => {
  const batch = { ...(await received(1, large)), trace: { ...trace, tracestate: '"'.repeat(512) } }
  for (const message of await toQueueMessages(batch)) expect(message.length).toBeLessThanOrEqual(127_900)
  const parts = await partsOf(batch)
  expect(parts.map(({ header: { first, last } }) => [first, last])).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
    [9, 10],
    [11, 11],
  ])
  for (const { batchId, header } of parts) {
    expect(batchId).toBe(`${STREAM}:${header.first}-${header.last}`)
    expect(header).toMatchObject({ batchId, cutAt: batch.header.cutAt, streamId: STREAM })
  }
  expect(parts.flatMap(linesIn)).toEqual(linesIn(batch))
  expect(new Set(parts.map(({ digest }) => digest)).size).toBe(parts.length)
})

const small = Array.from({ length: 500 }, (_, index) => lineOf(index + 1, { properties: { note: 'x'.repeat(700) } }))

test('a repeat of a large batch makes the same parts, however long what the collector appends has become', async () => {
  const identities = async (skewMs: number) =>
    (await partsOf(await received(1, small, skewMs))).map(({ batchId, digest }) => [batchId, digest])
  // Ten characters more on each line are more than one line in each part.
  expect(await identities(86_400_000_000)).toEqual(await identities(1))
})

test('the parts of a fork differ from those of the first in their digests', async () => {
  const [first] = await partsOf(await received(1, large))
  const [fork] = await partsOf(await received(1, large.with(10, lineOf(11))))
  expect(fork?.batchId).toBe(first?.batchId)
  expect(fork?.digest).not.toBe(first?.digest)
})

test('a tombstone of a range stays whole, and its range is its part’s', async () => {
  const shed = JSON.stringify({ streamId: STREAM, seq: 3, through: 40, type: 'shed', reason: 'cap' })
  const lines = [...large.slice(0, 2), shed, lineOf(41, { properties: { note: 'x'.repeat(44_000) } })]
  const batch = await deliverable(1, 41, lines)
  const parts = await partsOf(batch)
  expect(parts.map(({ header: { first, last } }) => [first, last])).toEqual([
    [1, 40],
    [41, 41],
  ])
})

test('500 small events fill one message after the other', async () => {
  expect(await toQueueMessages(await received(1, small))).toHaveLength(5)
})

test('a part that is cut again is the same', async () => {
  const parts = await partsOf(await received(1, large))
  expect((await Promise.all(parts.map(partsOf))).flat()).toEqual(parts)
})

test('what is no message of ours is told', async () => {
  const [message] = await toQueueMessages(await received(1, linesOf(1, 2)))
  const text = textOf(message as Uint8Array)
  const spoilt = [
    ...[undefined, null, 7, {}, new ArrayBuffer(8), '', '\n', '{}', '{}\n{}\n', 'null\n{}\n', 'plain text'],
    text.slice(0, -1),
    text.replace('"v":1', '"v":2'),
    text.replace('"keyId":"site"', '"keyId":"../site"'),
    text.replace('"first":1', '"first":2'),
    text.replace(/"digest":"\w+"/, '"digest":"none"'),
    text.replace(/"receivedAt":"[^"]+"/, '"receivedAt":"today"'),
  ]
  expect(fromQueueMessage(text)).toBeDefined()
  for (const body of spoilt) expect(fromQueueMessage(body), String(body)).toBeUndefined()
})
