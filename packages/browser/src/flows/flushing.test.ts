import { PROBLEM_TYPE } from '@waybill/protocol'
import { describe, expect, test } from 'vitest'
import { tracked } from '../../test/operations.ts'
import {
  createGate,
  createLock,
  createParts,
  outage,
  type Parts,
  type Presented,
  readAll,
  record,
  turn,
} from '../../test/parts.ts'
import type { Answer } from '../core/decide.ts'
import type { BufferOptions } from './buffer.ts'
import { createFlusher } from './flushing.ts'
import { createStamper } from './stamping.ts'

const inPairs = { limits: { ...createParts().limits, batchEvents: 2 } }

/** A buffer that holds these events. */
async function filled(names: string[], parts: Partial<BufferOptions> = {}): Promise<Parts> {
  const made = createParts(parts)
  await track(made, ...names)
  return made
}

const track = (parts: Parts, ...names: string[]) => {
  const stamper = createStamper(parts)
  return Promise.all(names.map((name) => stamper.submit(tracked(name))))
}

const rangesOf = ({ collector }: Parts) => collector.presented.map(({ header: { first, last } }) => `${first}-${last}`)

const busy = ({ header: { batchId } }: Presented): Answer => ({
  status: 503,
  retryAfter: '60',
  body: JSON.stringify({ type: `${PROBLEM_TYPE}sink_unavailable`, code: 'sink_unavailable', batchId, receipt: 'r1' }),
})

describe('batches', () => {
  test('are presented one after another, each only after the one before was recorded', async () => {
    const parts = await filled(['a', 'b', 'c', 'd', 'e'], inPairs)
    const gate = createGate()
    parts.collector.answer = async (presented) => {
      await gate.opened
      return record(presented)
    }
    const flushed = createFlusher(parts).flush()
    await turn()
    expect(rangesOf(parts)).toEqual(['1-2'])
    gate.open()
    expect(await flushed).toBeUndefined()
    expect(rangesOf(parts)).toEqual(['1-2', '3-4', '5-5'])
    expect(parts.collector.events()).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  test('that come later are not presented while the one before is not recorded', async () => {
    const parts = await filled(['a', 'b', 'c', 'd'], inPairs)
    parts.collector.answer = outage
    const { flush } = createFlusher(parts)
    for (let attempt = 0; attempt < 5; attempt++) await flush(true)
    expect(rangesOf(parts)).toEqual(['1-2', '1-2', '1-2', '1-2', '1-2'])
  })

  test('are cut on the disk before any byte of them leaves', async () => {
    const durabilities: unknown[] = []
    const parts = await filled(['a', 'b'])
    const found: unknown[] = []
    parts.collector.answer = async (presented) => {
      found.push((await readAll(parts.store)).delivery.list)
      return record(presented)
    }
    const { transact } = parts.store
    const store: BufferOptions['store'] = {
      mode: 'memory',
      transact: (work, options) => {
        durabilities.push(options?.durability)
        return transact(work, options)
      },
    }
    await createFlusher({ ...parts, store }).flush()
    const { batchId } = parts.collector.presented[0]?.header ?? {}
    expect(found).toEqual([[expect.objectContaining({ batchId, attempt: 1 })]])
    expect(durabilities[0]).toBe('strict')
  })

  test('are presented again with the same id and the same bytes, however often', async () => {
    const parts = await filled(['a', 'b', 'c'])
    const answers = [outage, busy, outage]
    parts.collector.answer = (presented) => (answers.shift() ?? record)(presented)
    const { flush } = createFlusher(parts)
    for (let attempt = 0; attempt < 4; attempt++) {
      await flush()
      parts.clock.set(parts.clock.now() + 3_600_000)
      await track(parts, `later ${attempt}`)
    }
    const repeats = parts.collector.presented.slice(0, 4)
    expect(new Set(repeats.map(({ header }) => header.batchId)).size).toBe(1)
    expect(new Set(repeats.map(({ rest }) => rest)).size).toBe(1)
    expect(new Set(repeats.map(({ header }) => header.cutAt)).size).toBe(1)
    expect(repeats.map(({ header }) => [header.attempt, header.receipt])).toEqual([
      [1, undefined],
      [2, undefined],
      [3, 'r1'],
      [4, 'r1'],
    ])
  })

  test('are not redrawn when more events come', async () => {
    const parts = await filled(['a', 'b'])
    parts.collector.answer = outage
    const { flush } = createFlusher(parts)
    await flush()
    await track(parts, 'c')
    parts.collector.answer = record
    await flush(true)
    expect(rangesOf(parts)).toEqual(['1-2', '1-2', '3-3'])
  })

  test('are forgotten when they are recorded, and only they', async () => {
    const parts = await filled(['a', 'b', 'c', 'd'], inPairs)
    parts.collector.answer = (presented) => (presented.header.first === 1 ? record(presented) : outage())
    await createFlusher(parts).flush()
    const { lines, delivery } = await readAll(parts.store)
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['c', 'd'])
    expect(delivery).toMatchObject({ recorded: 2, forgotten: { lines: 2 }, lastError: { code: 'outage' } })
    expect(parts.recorded).toHaveLength(1)
    expect(parts.errors).toMatchObject([{ code: 'outage' }])
  })

  test('that are too large for the collector are presented in halves, in order, until they fit', async () => {
    const parts = await filled(['a', 'b', 'c', 'd', 'e'])
    parts.collector.answer = (presented) => {
      const { first, last, batchId } = presented.header
      const body = JSON.stringify({ type: `${PROBLEM_TYPE}too_many_events`, code: 'too_many_events', batchId })
      return last - first >= 2 ? { status: 413, body } : record(presented)
    }
    expect(await createFlusher(parts).flush()).toBeUndefined()
    expect(rangesOf(parts)).toEqual(['1-5', '1-3', '1-2', '3-3', '4-5'])
    expect((await readAll(parts.store)).lines).toEqual([])
  })

  test('of a person who was reset go before those of the one who came after', async () => {
    const parts = await filled(['a'])
    await createStamper(parts).submit({ kind: 'reset' })
    await track(parts, 'b')
    await createFlusher(parts).flush()
    expect(rangesOf(parts)).toEqual(['1-1', '1-1'])
    expect(parts.collector.events()).toEqual(['a', 'b'])
  })

  test('tell what was rejected, and the neighbours are recorded', async () => {
    const rejected = [{ seq: 2, messageId: 'm', code: 'invalid_event', detail: 'd' }]
    const told: unknown[] = []
    const parts = await filled(['a', 'b', 'c'], { onRecorded: (batch) => told.push(batch) })
    parts.collector.answer = ({ header: { batchId } }) => ({
      status: 200,
      body: JSON.stringify({ batchId, recorded: 2, rejected }),
    })
    await createFlusher(parts).flush()
    expect(told).toMatchObject([{ recorded: 2, rejected }])
    expect(await readAll(parts.store)).toMatchObject({ lines: [], delivery: { recorded: 2, rejected: 1 } })
  })

  test('stay where they are while a newer release keeps the store', async () => {
    const parts = await filled(['a'])
    await parts.store.transact(async ({ put }) => put('state', { format: 2 })).done
    expect(await createFlusher(parts).flush(true)).toBeUndefined()
    expect(parts.collector.presented).toEqual([])
  })
})

describe('a wait', () => {
  test('of our own is honoured, and told', async () => {
    const parts = await filled(['a'])
    parts.collector.answer = outage
    const { flush } = createFlusher(parts)
    expect(await flush()).toBe(1_000)
    parts.clock.set(parts.clock.now() + 400)
    expect(await flush()).toBe(600)
    expect(parts.collector.presented).toHaveLength(1)
    parts.clock.set(parts.clock.now() + 600)
    expect(await flush()).toBe(2_000)
    expect(parts.collector.presented).toHaveLength(2)
  })

  test('survives the page', async () => {
    const parts = await filled(['a'])
    parts.collector.answer = busy
    await createFlusher(parts).flush()
    expect(await createFlusher(parts).flush()).toBe(60_000)
    expect(parts.collector.presented).toHaveLength(1)
  })

  test('of our own gives way to force, a server’s does not', async () => {
    const parts = await filled(['a'])
    const { flush } = createFlusher(parts)
    parts.collector.answer = outage
    await flush()
    parts.collector.answer = busy
    expect(await flush(true)).toBe(60_000)
    expect(await flush(true)).toBe(60_000)
    expect(parts.collector.presented).toHaveLength(2)
  })

  test('is over when the clock is set back', async () => {
    const parts = await filled(['a'])
    parts.collector.answer = busy
    const { flush } = createFlusher(parts)
    await flush()
    parts.collector.answer = record
    parts.clock.set(0)
    expect(await flush()).toBeUndefined()
  })
})

describe('of two tabs', () => {
  test('only the one that holds the lock flushes; the other looks again soon', async () => {
    const parts = await filled(['a'])
    const gate = createGate()
    parts.collector.answer = async (presented) => {
      await gate.opened
      return record(presented)
    }
    const first = createFlusher(parts).flush()
    const wait = await createFlusher(parts).flush()
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(5_000)
    gate.open()
    await first
    expect(parts.collector.presented).toHaveLength(1)
  })

  /** Where there are no Web Locks, each tab has the lock. */
  const locks = () => ({ lock: createLock() })

  test.each<[what: string, late: (presented: Presented) => Answer]>([
    ['recorded', record],
    ['an outage', outage],
    ['a wait', busy],
  ])('the one that was taken over from decides nothing any more: %s', async (_what, late) => {
    const parts = await filled(['a', 'b'])
    const gate = createGate()
    parts.collector.answer = async (presented) => {
      if (presented.header.attempt > 1) return record(presented)
      await gate.opened
      return late(presented)
    }
    const slow = createFlusher({ ...parts, ...locks() }).flush()
    await turn()
    await createFlusher({ ...parts, ...locks() }).flush()
    await track(parts, 'c')
    const before = await readAll(parts.store)
    gate.open()
    await slow
    expect(await readAll(parts.store)).toEqual(before)
    expect(parts.recorded).toHaveLength(1)
    expect(parts.errors).toEqual([])
    expect(before.delivery).toMatchObject({ list: [], recorded: 2, forgotten: { lines: 2 } })
  })

  test('the one that was taken over from presents nothing more under its old epoch', async () => {
    const parts = await filled(['a', 'b', 'c', 'd'], inPairs)
    const gates = [createGate(), createGate()]
    const answered: string[] = []
    parts.collector.answer = async (presented) => {
      const { first, attempt } = presented.header
      answered.push(`${first}.${attempt}`)
      await (first === 1 ? gates[attempt - 1]?.opened : undefined)
      return record(presented)
    }
    const slow = createFlusher({ ...parts, ...locks() }).flush()
    await turn()
    const next = createFlusher({ ...parts, ...locks() }).flush()
    await turn()
    gates[0]?.open()
    await slow
    expect(answered).toEqual(['1.1', '1.2'])
    gates[1]?.open()
    await next
    expect(answered).toEqual(['1.1', '1.2', '3.1'])
  })
})

test('a tab that is taken over from between two batches presents no other', async () => {
  const parts = await filled(['a', 'b', 'c', 'd'], inPairs)
  const presented: string[] = []
  const send =
    (tab: string): BufferOptions['send'] =>
    (text, signal) => {
      presented.push(`${tab} ${JSON.parse(text.slice(0, text.indexOf('\n'))).first}`)
      return parts.send(text, signal)
    }
  const next = createFlusher({ ...parts, lock: createLock(), send: send('next') })
  let takenOver: Promise<unknown> | undefined
  const onRecorded = () => {
    takenOver ??= next.flush()
  }
  await createFlusher({ ...parts, send: send('first'), onRecorded }).flush()
  await takenOver
  expect(presented).toEqual(['first 1', 'next 3'])
})

describe('after release', () => {
  test('no flush begins until the page runs again', async () => {
    const parts = await filled(['a'])
    const { flush, release, resume } = createFlusher(parts)
    release()
    await flush(true)
    expect(parts.collector.presented).toEqual([])
    resume()
    await flush()
    expect(parts.recorded).toHaveLength(1)
  })

  test('the lock is free at once, and another tab presents the same bytes', async () => {
    const parts = await filled(['a'])
    const gate = createGate()
    parts.collector.answer = async (presented) => {
      if (presented.header.attempt === 1) await gate.opened
      return record(presented)
    }
    const { flush, release } = createFlusher(parts)
    const left = flush()
    await turn()
    release()
    await left
    await createFlusher(parts).flush()
    const [first, second] = parts.collector.presented
    expect(second?.rest).toBe(first?.rest)
    expect(second?.header.batchId).toBe(first?.header.batchId)
    expect(parts.recorded).toHaveLength(1)
    gate.open()
    await turn()
    expect(parts.recorded).toHaveLength(1)
  })

  test('an answer that still comes counts, when nobody has taken over', async () => {
    const parts = await filled(['a', 'b', 'c'], inPairs)
    const gate = createGate()
    parts.collector.answer = async (presented) => {
      await gate.opened
      return record(presented)
    }
    const { flush, release } = createFlusher(parts)
    flush()
    await turn()
    release()
    gate.open()
    await turn()
    expect(parts.recorded).toHaveLength(1)
    expect(rangesOf(parts)).toEqual(['1-2'])
    expect((await readAll(parts.store)).lines).toHaveLength(1)
  })

  test('a request that was ended with it is no outage', async () => {
    const parts = await filled(['a'])
    parts.collector.answer = ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve({ status: 0, failure: 'AbortError' }))
      })
    const { flush, release } = createFlusher(parts)
    const flushed = flush()
    await turn()
    release()
    await flushed
    await turn()
    const { delivery } = await readAll(parts.store)
    expect([delivery.wait, delivery.lastError]).toEqual([undefined, undefined])
    expect(parts.errors).toEqual([])
  })
})

describe('trouble', () => {
  test('with the store is told, and looked at again later', async () => {
    const parts = createParts({
      store: { mode: 'durable', transact: () => ({ done: Promise.reject(new Error('closed')), abort: () => true }) },
    })
    expect(await createFlusher(parts).flush()).toBeGreaterThan(0)
    expect(parts.errors).toEqual([{ code: 'storage', detail: 'Error: closed' }])
  })

  test('with the lock keeps nothing from being delivered', async () => {
    const parts = await filled(['a'])
    const lock = () => Promise.reject(new DOMException('denied', 'SecurityError'))
    await createFlusher({ ...parts, lock }).flush()
    expect(parts.recorded).toHaveLength(1)
  })
})
