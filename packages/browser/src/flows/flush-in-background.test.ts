import { PROBLEM_TYPE } from '@waybill/protocol'
import { expect, test } from 'vitest'
import { tracked } from '../../test/operations.ts'
import { createParts, outage, type Parts, type Presented, readAll, record } from '../../test/parts.ts'
import type { Answer } from '../core/decide.ts'
import { flushInBackground } from './flush-in-background.ts'
import { createFlusher } from './flushing.ts'
import { createStamper } from './stamping.ts'

/** A buffer that a page has left with an event in it. */
async function left(given: Parameters<typeof createParts>[0] = {}): Promise<Parts> {
  const parts = createParts(given)
  await createStamper(parts).submit(tracked('left'))
  return parts
}

const inBackground = (parts: Parts) => flushInBackground(createFlusher(parts), parts.clock.delay)

const busy =
  (retryAfter: string) =>
  ({ header: { batchId } }: Presented): Answer => ({
    status: 503,
    retryAfter,
    body: JSON.stringify({ type: `${PROBLEM_TYPE}sink_unavailable`, code: 'sink_unavailable', batchId }),
  })

test('what a page has left is recorded', async () => {
  const parts = await left()
  expect(await inBackground(parts)).toBe(true)
  expect((await readAll(parts)).lines).toEqual([])
})

test('a buffer that may not be sent is done with, and nothing is presented', async () => {
  const parts = await left()
  expect(await inBackground({ ...parts, assumedConsent: () => 'pending' })).toBe(true)
  expect(parts.collector.presented).toEqual([])
})

test('the backoff of the page that is gone does not count, since there is a network again', async () => {
  const parts = await left()
  parts.collector.answer = outage
  for (let failures = 0; failures < 8; failures++) await createFlusher(parts).flush(true)
  parts.collector.answer = record
  expect(await inBackground(parts)).toBe(true)
})

test('a wait that a server has asked for is not cut short', async () => {
  const parts = await left()
  parts.collector.answer = busy('60')
  await createFlusher(parts).flush()
  expect(await inBackground(parts)).toBe(false)
  expect(parts.collector.presented).toHaveLength(1)
})

test('short waits are waited out, and what they are for is presented again', async () => {
  const parts = await left()
  const answers = [busy('2'), busy('2')]
  parts.collector.answer = (presented) => (answers.shift() ?? record)(presented)
  const done = inBackground(parts)
  await parts.clock.pass(4_000)
  expect(await done).toBe(true)
  expect(parts.collector.presented).toHaveLength(3)
})

test('an outage is tried at the pace of the backoff and given up before the browser ends the event', async () => {
  const parts = await left()
  parts.collector.answer = outage
  const done = inBackground(parts)
  await parts.clock.pass(60_000)
  expect(await done).toBe(false)
  expect(parts.collector.presented.map(({ header }) => header.attempt)).toEqual([1, 2, 3, 4, 5])
  expect(parts.clock.pending()).toEqual([])
  expect((await readAll(parts)).lines).toHaveLength(1)
})

test('while a page presents, nothing is presented, and what it leaves is presented after it', async () => {
  let taken = true
  const free = createParts().lock
  const parts = await left({ lock: (work, signal) => (taken ? Promise.resolve(null) : free(work, signal)) })
  const done = inBackground(parts)
  await parts.clock.pass(4_000)
  expect(parts.collector.presented).toEqual([])
  taken = false
  await parts.clock.pass(5_000)
  expect(await done).toBe(true)
  expect(parts.collector.presented).toHaveLength(1)
})
