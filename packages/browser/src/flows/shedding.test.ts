import { PROBLEM_TYPE } from '@waybill/protocol'
import { describe, expect, test } from 'vitest'
import { reset, T0, tracked } from '../../test/operations.ts'
import { createParts, outage, type Parts, readAll, readStreams, record } from '../../test/parts.ts'
import type { Operation, Priority } from '../core/operation.ts'
import { CUTS, STATE } from '../core/records.ts'
import { DAY } from '../core/timestamp.ts'
import type { BufferOptions } from './buffer.ts'
import { createFlusher } from './flushing.ts'
import { shedSurplus } from './shedding.ts'
import { createStamper } from './stamping.ts'

const text = 'x'.repeat(1_000)
const event = (name: string, priority?: Priority, at = T0) => tracked(name, { at, priority, properties: { text } })
const events = (count: number, priority?: Priority) =>
  Array.from({ length: count }, (_, index) => event(`${priority ?? 'normal'}${index + 1}`, priority))

async function filled(operations: Operation[], options: Partial<BufferOptions> = {}): Promise<Parts> {
  const parts = createParts(options)
  const stamper = createStamper(parts)
  await Promise.all(operations.map((operation) => stamper.submit(operation)))
  return parts
}

const shedTo = (parts: Parts, maxBytes: number) => shedSurplus({ ...parts, maxBytes })

/** Sends all there is; says what a sink would hold, and checks that it can prove that nothing is missing. */
async function deliver(parts: Parts): Promise<string[][]> {
  parts.collector.answer = record
  await createFlusher(parts).flush(true)
  expect((await readAll(parts)).lines).toEqual([])
  return readStreams(parts.collector.presented)
}

/** What the buffer believes to hold, and what it holds. */
async function expectExact(parts: Parts): Promise<void> {
  const { state, delivery, lines } = await readAll(parts)
  expect(state.appended.lines - delivery.forgotten.lines).toBe(lines.length)
  expect(state.appended.bytes - delivery.forgotten.bytes).toBe(lines.reduce((sum, line) => sum + line.length, 0))
}

describe('a buffer that holds too much', () => {
  test('gives up the oldest, in favour of nine tenths of what it may hold', async () => {
    const parts = await filled(events(20))
    const each = (await readAll(parts)).lines[9]?.length ?? 0
    await shedTo(parts, 10.5 * each)
    const { state, delivery } = await readAll(parts)
    const waiting = state.appended.bytes - delivery.forgotten.bytes
    expect(waiting / each).toBeLessThan(0.9 * 10.5 + 0.2)
    expect(waiting / each).toBeGreaterThan(0.9 * 10.5 - 1.2)
    expect(parts.shed).toEqual([{ events: 11, reason: 'cap' }])
    expect(delivery).toMatchObject({ shed: 11, latest: { shed: 11 } })
    await expectExact(parts)
    const [stream] = await deliver(parts)
    expect(stream?.slice(0, 2)).toEqual(['1-11 cap', '12 normal12'])
    expect(stream).toHaveLength(10)
  })

  test('gives up nothing while it holds no more than it may', async () => {
    const parts = await filled(events(20))
    const before = await readAll(parts)
    await shedTo(parts, before.state.appended.bytes)
    expect(await readAll(parts)).toMatchObject({ lines: before.lines })
    expect(parts.shed).toEqual([])
  })

  test('gives up what is of low priority first, then what is normal, and what is high last', async () => {
    const mixed = [
      event('h1', 'high'),
      event('n1'),
      event('l1', 'low'),
      event('h2', 'high'),
      event('n2'),
      event('l2', 'low'),
    ]
    const after = async (kept: number) => {
      const parts = await filled(mixed)
      const each = (await readAll(parts)).state.appended.bytes / mixed.length
      await shedTo(parts, ((kept + 0.2) * each) / 0.9)
      await expectExact(parts)
      return (await deliver(parts))[0]
    }
    expect(await after(5)).toEqual(['1 h1', '2 n1', '3 cap', '4 h2', '5 n2', '6 l2'])
    expect(await after(4)).toEqual(['1 h1', '2 n1', '3 cap', '4 h2', '5 n2', '6 cap'])
    expect(await after(3)).toEqual(['1 h1', '2-3 cap', '4 h2', '5 n2', '6 cap'])
    expect(await after(2)).toEqual(['1 h1', '2-3 cap', '4 h2', '5-6 cap'])
    expect(await after(1)).toEqual(['1-3 cap', '4 h2', '5-6 cap'])
    expect(await after(0)).toEqual(['1-6 cap'])
  })

  test('never gives up what is in a cut', async () => {
    const parts = await filled(events(4), { limits: { ...createParts().limits, batchEvents: 2 } })
    parts.collector.answer = outage
    await createFlusher(parts).flush()
    await shedTo(parts, 1)
    await expectExact(parts)
    expect(await deliver(parts)).toEqual([['1 normal1', '2 normal2', '3-4 cap']])
  })

  test('leaves a cut alone that stands between events', async () => {
    const parts = await filled(events(6), { limits: { ...createParts().limits, batchEvents: 2 } })
    const { delivery } = await readAll(parts)
    parts.collector.answer = outage
    await createFlusher(parts).flush()
    const { list } = (await readAll(parts)).delivery
    const [first] = list as [(typeof list)[0]]
    const middle = { ...first, first: 3, last: 4, batchId: `${first.streamId}:3-4` }
    await parts.store.transact(async ({ put }) => put(CUTS, { ...delivery, epoch: 1, list: [middle] })).done
    await shedTo(parts, 1)
    const { lines } = await readAll(parts)
    expect(lines.map((line) => JSON.parse(line)).map(({ seq, through }) => [seq, through])).toEqual([
      [1, 2],
      [3, undefined],
      [4, undefined],
      [5, 6],
    ])
  })

  test('puts no tombstone over two streams', async () => {
    const parts = await filled([...events(2), reset, ...events(2)])
    await shedTo(parts, 1)
    await expectExact(parts)
    expect(await deliver(parts)).toEqual([['1-2 cap'], ['1-2 cap']])
  })

  test('sheds again and again without filling up with tombstones', async () => {
    const parts = await filled([])
    const stamper = createStamper(parts)
    for (let round = 0; round < 5; round++) {
      await Promise.all(events(10).map((operation) => stamper.submit(operation)))
      await shedTo(parts, 12_000)
      await expectExact(parts)
      expect(JSON.parse((await readAll(parts)).lines[0] ?? '')).toHaveProperty(round ? 'through' : 'seq')
    }
    const [stream] = await deliver(parts)
    expect(stream?.filter((line) => line.endsWith('cap'))).toHaveLength(1)
  })

  test('looks through many more lines than it reads at once', async () => {
    const parts = await filled([
      ...events(350, 'high'),
      ...events(3, 'low'),
      ...events(250, 'high'),
      ...events(2, 'low'),
    ])
    const { state } = await readAll(parts)
    await shedTo(parts, state.appended.bytes - 1)
    await expectExact(parts)
    const [stream] = await deliver(parts)
    expect(stream?.filter((line) => line.endsWith('cap'))).toEqual(
      expect.arrayContaining(['351-353 cap', '604-605 cap']),
    )
  })

  test('of which a tombstone touches another priority’s says each seq once', async () => {
    const parts = await filled([event('l1', 'low'), event('n1'), event('l2', 'low'), event('n2'), event('h', 'high')])
    await shedTo(parts, 4_500 / 0.9)
    await shedTo(parts, 1_500 / 0.9)
    await expectExact(parts)
    expect(await deliver(parts)).toEqual([['1-4 cap', '5 h']])
  })

  test('is left alone while a newer release keeps it', async () => {
    const parts = await filled(events(5))
    const before = await readAll(parts)
    await parts.store.transact(async ({ put }) => put(STATE, { ...before.state, format: 2 })).done
    await shedTo(parts, 1)
    expect(await readAll(parts)).toMatchObject({ lines: before.lines })
  })
})

describe('an event that has waited for too long', () => {
  const old = () => filled([event('old'), event('young', undefined, T0 + 20 * DAY)])
  const look = (parts: Parts) => shedSurplus({ ...parts, maxAge: 30 * DAY })

  test('gives way at the second look, a day after the first', async () => {
    const parts = await old()
    parts.clock.set(T0 + 31 * DAY)
    await look(parts)
    parts.clock.set(T0 + 32 * DAY - 1)
    await look(parts)
    expect(parts.shed).toEqual([])
    parts.clock.set(T0 + 32 * DAY)
    await look(parts)
    expect(parts.shed).toEqual([{ events: 1, reason: 'age' }])
    await expectExact(parts)
    expect(await deliver(parts)).toEqual([['1 age', '2 young']])
  })

  test('stays while it is not older than may be', async () => {
    const parts = await old()
    for (const days of [28, 29, 30]) {
      parts.clock.set(T0 + days * DAY)
      await look(parts)
    }
    expect((await readAll(parts)).delivery).toMatchObject({ shed: 0, overdueSince: undefined })
  })

  test('stays when the clock has jumped once, however far', async () => {
    const parts = await old()
    for (const days of [3_000, 1, 3_001, 2]) {
      parts.clock.set(T0 + days * DAY)
      await look(parts)
    }
    expect(parts.shed).toEqual([])
  })

  test('is looked at a day after the clock was set back, too', async () => {
    const parts = await old()
    for (const days of [3_000, 31, 32]) {
      parts.clock.set(T0 + days * DAY)
      await look(parts)
    }
    expect(parts.shed).toEqual([{ events: 1, reason: 'age' }])
  })

  test('does not give way in a cut', async () => {
    const parts = await old()
    parts.collector.answer = outage
    await createFlusher(parts).flush()
    for (const days of [60, 61, 62]) {
      parts.clock.set(T0 + days * DAY)
      await look(parts)
    }
    expect(await deliver(parts)).toEqual([['1 old', '2 young']])
  })

  test('and one that is too many give way together, each for its own reason', async () => {
    const parts = await old()
    parts.clock.set(T0 + 31 * DAY)
    await look(parts)
    parts.clock.set(T0 + 32 * DAY)
    await shedSurplus({ ...parts, maxAge: 30 * DAY, maxBytes: 100 })
    await expectExact(parts)
    expect(await deliver(parts)).toEqual([['1 age', '2 cap']])
    expect(parts.shed.map(({ reason }) => reason)).toEqual(['age', 'cap'])
  })
})

test('a buffer that was halved, shed and filled again still proves that nothing is missing', async () => {
  const parts = await filled(events(40))
  const stamper = createStamper(parts)
  await shedTo(parts, 30_000)
  await stamper.submit(event('later', 'low'))
  await shedTo(parts, 15_000)
  parts.collector.answer = (presented) => {
    const { first, last, batchId } = presented.header
    const body = JSON.stringify({ type: `${PROBLEM_TYPE}too_many_events`, code: 'too_many_events', batchId })
    return last - first >= 3 && presented.rest.trimEnd().includes('\n') ? { status: 413, body } : record(presented)
  }
  await createFlusher(parts).flush(true)
  const { lines } = await readAll(parts)
  expect(lines).toEqual([])
  const recorded = parts.collector.presented.filter(({ header }) => parts.recorded.includes(header.batchId))
  const [stream] = readStreams(recorded)
  expect(stream?.at(-1)).toMatch(/^41 /)
})
