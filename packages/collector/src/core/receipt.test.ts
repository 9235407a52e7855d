import { hmacSha256 as hmac, limits } from '@waybill/protocol'
import { expect, test } from 'vitest'
import { deliverable, NOW } from '../../test/batches.ts'
import {
  issueReceipt,
  RECEIPT_LIFETIME,
  type ReceiptKey,
  type ReceiptSink,
  type ReceiptSubject,
  readReceipt,
  verifyReceipt,
} from './receipt.ts'

const key: ReceiptKey = { id: 'k1', secret: 'a secret of thirty-two characters' }
const newer: ReceiptKey = { id: 'k2', secret: 'another one of thirty-two characters' }

const sinkOf = (name: string, members: Partial<ReceiptSink> = {}): ReceiptSink => ({
  ...{ name, generation: '1', guarantee: 'durable' as const },
  ...members,
})
const [a, b] = [sinkOf('a'), sinkOf('b')]
const subject: ReceiptSubject = { batch: await deliverable(1, 2), rejected: [{ seq: 2 as never, code: 'too_deep' }] }

const issue = (sinks = [a], of = subject, by = key, now = NOW) => issueReceipt(by, of, { sinks, limits, now, hmac })
/** What it says, once it is found to be ours. */
async function read(receipt: string, { of = subject, keys = [key], sinks = [a, b], now = NOW } = {}) {
  const claim = readReceipt(receipt, keys)
  return claim.ok ? verifyReceipt(claim.value, of, { sinks, now, hmac }) : claim
}

const saying = (have: ReceiptSink[], isExpired = false) => ({ ok: true, value: { have, isExpired } })
const ignored = (fault: string) => ({ ok: false, fault })

test('a receipt names the sinks that have the batch, and no other', async () => {
  expect(await read(await issue([a]))).toEqual(saying([a]))
  expect(await read(await issue([a, b]))).toEqual(saying([a, b]))
})

test('presented again it says the same, until it expires: then it is still ours, and names nobody', async () => {
  const receipt = await issue()
  const last = (Math.floor(NOW / 1000) + RECEIPT_LIFETIME) * 1000 - 1
  for (const now of [NOW - 60_000, NOW, NOW, last]) expect(await read(receipt, { now })).toEqual(saying([a]))
  expect(await read(receipt, { now: last + 1 })).toEqual(saying([], true))
})

test('it counts for this batch only: site, id, bytes, and which lines were rejected for what', async () => {
  const { batch, rejected } = subject
  const others: ReceiptSubject[] = [
    { batch: { ...batch, keyId: 'other' }, rejected },
    { batch: { ...batch, batchId: batch.batchId.replace('1-2', '1-3') as never }, rejected },
    { batch: { ...batch, digest: batch.digest.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) }, rejected },
    { batch, rejected: [] },
    { batch, rejected: [{ seq: 1 as never, code: 'too_deep' }] },
    { batch, rejected: [{ seq: 2 as never, code: 'invalid_event' }] },
  ]
  const receipt = await issue()
  for (const of of others) expect(await read(receipt, { of })).toEqual(ignored('mismatch'))
})

test('of a sink that is another now it says nothing', async () => {
  const receipt = await issue([a])
  for (const now of [sinkOf('c'), sinkOf('a', { generation: '2' }), sinkOf('a', { guarantee: 'accepted' })])
    expect(await read(receipt, { sinks: [now] })).toEqual(saying([]))
})

test('no character of it can be changed', async () => {
  const receipt = await issue([a, b])
  for (let index = 0; index < receipt.length; index++) {
    const other = receipt[index] === '1' ? '2' : '1'
    const changed = receipt.slice(0, index) + other + receipt.slice(index + 1)
    expect((await read(changed)).ok, changed).toBe(false)
  }
})

test('a sink cannot be added, nor the time be put off', async () => {
  const [version, id, issued, expires, taken, tags, signature] = (await issue([a])).split('.')
  const [, , , later, , both] = (await issue([a, b], subject, key, NOW + 3_600_000)).split('.')
  expect(await read([version, id, issued, expires, taken, both, signature].join('.'))).toEqual(ignored('mismatch'))
  expect(await read([version, id, issued, later, taken, tags, signature].join('.'))).toEqual(ignored('mismatch'))
})

test('it says under which limits of events its batch was taken, and they can be made no higher than the protocol’s', async () => {
  const own = { eventBytes: 2_000, propertiesBytes: 1_000, stateBytes: 1, depth: 7 }
  const receipt = await issueReceipt(key, subject, { sinks: [a], limits: { ...limits, ...own }, now: NOW, hmac })
  expect(await read(receipt)).toEqual(saying([a]))
  expect(readReceipt(receipt, [key])).toMatchObject({ ok: true, value: { limits: own } })
  const raised = receipt.replace(/\.1jk-rs-1-7\./, '.zzzz-zzzz-zzzz-zzzz.')
  const { eventBytes, propertiesBytes, stateBytes, depth } = limits
  expect(readReceipt(raised, [key])).toMatchObject({
    value: { limits: { eventBytes, propertiesBytes, stateBytes, depth } },
  })
  expect(await read(raised)).toEqual(ignored('mismatch'))
})

test('every configured key is taken, so that a new one can take the place of an old one', async () => {
  const [old, fresh] = [await issue([a], subject, key), await issue([a], subject, newer)]
  for (const receipt of [old, fresh]) expect((await read(receipt, { keys: [newer, key] })).ok).toBe(true)
  expect(await read(old, { keys: [newer] })).toEqual(ignored('unknown_key'))
  expect(await read(old, { keys: [] })).toEqual(ignored('unknown_key'))
  expect(await read(old, { keys: [{ ...newer, id: key.id }] })).toEqual(ignored('mismatch'))
})

test.each([
  '',
  'r1',
  '2.k1',
  `2.k1.a.b.1-1-1-1..${'x'.repeat(42)}`,
  `2.k1.a.b.1-1-1..${'x'.repeat(43)}`,
  `1.k1.a.b.1-1-1-1..${'x'.repeat(43)}`,
  '.'.repeat(8_000),
])('what is no receipt is none: %s', async (text) => {
  expect(await read(text)).toEqual(ignored('malformed'))
})

test('what nobody has signed is none', async () => {
  expect(await read(`2.k1.a.zzzzzzzzz.1-1-1-1..${'x'.repeat(43)}`)).toEqual(ignored('mismatch'))
})

test('it tells no client where a sink is, and two batches cannot be told to go to one sink by other keys', async () => {
  const secretive = sinkOf('webhook', { generation: 'https://example.com/hook/very-secret' })
  const receipt = await issue([secretive])
  expect(receipt).not.toContain('webhook')
  expect(atob(receipt.split('.')[5] ?? '')).not.toContain('secret')
  const tagsOf = (text: string) => text.split('.')[5]
  expect(tagsOf(await issue([a], subject, newer))).not.toBe(tagsOf(await issue([a], subject, key)))
})

test('it takes 400 characters with 20 sinks, whatever they are called, and never more than 512', async () => {
  const sinks = Array.from({ length: 40 }, (_, index) =>
    sinkOf(`${'long-name-'.repeat(6)}${index}`, { generation: 'x'.repeat(256) }),
  )
  const long = { id: 'k'.repeat(16), secret: 'x'.repeat(200) }
  const of20 = await issue(sinks.slice(0, 20), subject, long)
  expect(of20.length).toBeLessThanOrEqual(400)
  expect(await read(of20, { keys: [long], sinks })).toEqual(saying(sinks.slice(0, 20)))
  // What finds no room is delivered again.
  const of40 = await issue(sinks, subject, long)
  expect(of40.length).toBeLessThanOrEqual(512)
  expect(await read(of40, { keys: [long], sinks })).toEqual(saying(sinks.slice(0, 32)))
})
