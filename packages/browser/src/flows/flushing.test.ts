import { PROBLEM_TYPE, parseHeader } from '@waybill/protocol'
import { describe, expect, test } from 'vitest'
import { reset, tracked } from '../../test/operations.ts'
import {
  createGate,
  createLock,
  createParts,
  outage,
  type Parts,
  type Presented,
  readAll,
  readStreams,
  record,
  turn,
} from '../../test/parts.ts'
import type { Answer } from '../core/decide.ts'
import { type BufferState, CUTS, lineRange, STATE, type StreamState } from '../core/records.ts'
import type { BufferOptions } from './buffer.ts'
import { createFlusher, type Flusher } from './flushing.ts'
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

const patience = ({ header: { batchId } }: Presented): Answer => ({
  status: 202,
  body: JSON.stringify({ batchId, retryAfter: 7 }),
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
      found.push((await readAll(parts)).delivery.list)
      return record(presented)
    }
    const { transact } = parts.store
    const store: BufferOptions['store'] = {
      mode: 'memory',
      transact: (work, options) => {
        durabilities.push(options?.durability)
        return transact(work, options)
      },
      abortAll() {},
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

  test('hold what was there when the flush began: what comes meanwhile is for the next, which is soon', async () => {
    const parts = await filled(['a', 'b', 'c'], inPairs)
    parts.collector.answer = async (presented) => {
      await track(parts, 'later')
      return record(presented)
    }
    const { flush } = createFlusher(parts)
    expect(await flush()).toBe(5_000)
    expect(rangesOf(parts)).toEqual(['1-2', '3-3'])
    parts.collector.answer = record
    expect(await flush()).toBeUndefined()
    expect(rangesOf(parts)).toEqual(['1-2', '3-3', '4-5'])
  })

  test('are none where nothing but damaged lines is left, and nobody looks for them again and again', async () => {
    const parts = await filled(['a'])
    await parts.store.transact(async ({ getAll, put }) => {
      for (const [key] of await getAll(lineRange)) put(key, 'no line')
    }).done
    expect(await createFlusher(parts).flush()).toBeUndefined()
    expect(parts.collector.presented).toEqual([])
  })

  test('of a buffer whose state is damaged are cut as far as it goes', async () => {
    const parts = await filled(['a', 'b', 'c'], inPairs)
    await parts.store.transact(async ({ put }) => put(STATE, { format: 1, streams: 'many' })).done
    expect(await createFlusher(parts).flush()).toBeUndefined()
    expect(rangesOf(parts)).toEqual(['1-2', '3-3'])
  })

  test('are forgotten when they are recorded, and only they', async () => {
    const parts = await filled(['a', 'b', 'c', 'd'], inPairs)
    parts.collector.answer = (presented) => (presented.header.first === 1 ? record(presented) : outage())
    await createFlusher(parts).flush()
    const { lines, delivery } = await readAll(parts)
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
    expect((await readAll(parts)).lines).toEqual([])
  })

  test('of a person who was reset go before those of the one who came after', async () => {
    const parts = await filled(['a'])
    await createStamper(parts).submit(reset)
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
    expect(await readAll(parts)).toMatchObject({ lines: [], delivery: { recorded: 2, rejected: 1 } })
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
    const before = await readAll(parts)
    gate.open()
    await slow
    expect(await readAll(parts)).toEqual(before)
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

describe('our own backoff', () => {
  const presentAgain = async (parts: Parts, flusher: Flusher, answer: typeof parts.collector.answer) => {
    parts.collector.answer = answer
    await flusher.flush(true)
    const { wait, failures } = (await readAll(parts)).delivery
    // A server's wait holds for everyone.
    parts.clock.set(wait?.until ?? 0)
    return [(wait?.until ?? 0) - (wait?.since ?? 0), failures]
  }

  test('grows with each failure in a row, and begins anew after a wait that the collector asked for', async () => {
    const parts = await filled(['a'])
    const flusher = createFlusher(parts)
    const waits = []
    for (const answer of [outage, outage, outage, patience, patience, outage, outage]) {
      waits.push(await presentAgain(parts, flusher, answer))
    }
    expect(waits).toEqual([
      [1_000, 1],
      [2_000, 2],
      [4_000, 3],
      [7_000, 0],
      [7_000, 0],
      [1_000, 1],
      [2_000, 2],
    ])
    expect((await readAll(parts)).delivery.list[0]?.attempt).toBe(7)
  })

  test('does not grow by presentations that a page ended itself because it was left', async () => {
    const parts = await filled(['a'])
    for (let time = 0; time < 5; time++) {
      parts.collector.answer = ({ signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve({ status: 0, failure: 'AbortError' }))
        })
      const leaving = createFlusher(parts)
      leaving.flush()
      await turn()
      leaving.release()
      await turn()
    }
    expect((await readAll(parts)).delivery).toMatchObject({ failures: 0, list: [{ attempt: 5 }] })
    expect(await presentAgain(parts, createFlusher(parts), outage)).toEqual([1_000, 1])
  })

  test('begins anew with the next batch', async () => {
    const parts = await filled(['a', 'b', 'c'], inPairs)
    const flusher = createFlusher(parts)
    for (let time = 0; time < 4; time++) await presentAgain(parts, flusher, outage)
    const firstOnly = (presented: Presented) => (presented.header.first === 1 ? record(presented) : outage())
    expect(await presentAgain(parts, flusher, firstOnly)).toEqual([1_000, 1])
  })
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
    expect((await readAll(parts)).lines).toHaveLength(1)
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
    const { delivery } = await readAll(parts)
    expect([delivery.wait, delivery.lastError]).toEqual([undefined, undefined])
    expect(parts.errors).toEqual([])
  })
})

describe('where there is no lock to be had', () => {
  const lock = () => Promise.reject(new DOMException('denied', 'SecurityError'))
  const tab = (parts: Parts, name: string, more: Partial<BufferOptions> = {}) =>
    createFlusher({ ...parts, lock, tab: name, ...more })

  /** A tab that waits for its answer until the gate opens. */
  async function presenting(parts: Parts) {
    const gate = createGate()
    parts.collector.answer = async (presented) => {
      if (presented.header.attempt === 1) await gate.opened
      return record(presented)
    }
    const flushed = tab(parts, 'first').flush()
    await turn()
    return { gate, flushed }
  }

  test('events are delivered all the same', async () => {
    const parts = await filled(['a', 'b', 'c'], inPairs)
    expect(await tab(parts, 'first').flush()).toBeUndefined()
    expect(rangesOf(parts)).toEqual(['1-2', '3-3'])
  })

  test('the tab that presents a batch shuts the others out, forced or not, until it has its answer', async () => {
    const parts = await filled(['a'])
    const { gate, flushed } = await presenting(parts)
    expect(await tab(parts, 'second').flush()).toBe(5_000)
    parts.clock.set(parts.clock.now() + 39_000)
    expect(await tab(parts, 'second').flush(true)).toBe(5_000)
    gate.open()
    await flushed
    expect(parts.collector.presented).toHaveLength(1)
    await track(parts, 'b')
    expect(await tab(parts, 'second').flush()).toBeUndefined()
    expect(rangesOf(parts)).toEqual(['1-1', '2-2'])
  })

  test('a tab that died is taken over from when its time is up', async () => {
    const parts = await filled(['a'])
    await presenting(parts)
    parts.clock.set(parts.clock.now() + 40_000)
    await tab(parts, 'second').flush()
    expect(rangesOf(parts)).toEqual(['1-1', '1-1'])
    expect(parts.recorded).toHaveLength(1)
  })

  test('a tab that died is taken over from though the clock was set back', async () => {
    const parts = await filled(['a'])
    await presenting(parts)
    parts.clock.set(parts.clock.now() - 3_600_000)
    await tab(parts, 'second').flush()
    expect(parts.recorded).toHaveLength(1)
  })

  test('the tab itself is not shut out by what it has begun', async () => {
    const parts = await filled(['a'])
    await presenting(parts)
    await tab(parts, 'first').flush()
    expect(parts.recorded).toHaveLength(1)
  })

  test('a lease binds nobody where there is a lock', async () => {
    const parts = await filled(['a'])
    await presenting(parts)
    await createFlusher({ ...parts, tab: 'second' }).flush()
    expect(parts.recorded).toHaveLength(1)
  })

  test('two tabs that flush at the same time present each batch once', async () => {
    const parts = await filled(['a', 'b', 'c', 'd', 'e', 'f'], inPairs)
    const tabs = ['first', 'second'].map((name) => tab(parts, name))
    for (let round = 0; round < 6; round++) {
      await Promise.all(tabs.map(({ flush }) => flush(true)))
      parts.clock.set(parts.clock.now() + 1)
    }
    expect(rangesOf(parts)).toEqual(['1-2', '3-4', '5-6'])
  })
})

describe('what somebody has damaged', () => {
  const damage = (parts: Parts, ...seqs: number[]) =>
    parts.store.transact(async ({ get, put }) => {
      const { number } = ((await get(STATE)) as BufferState).stream as StreamState
      for (const seq of seqs) put([number, seq], '{"stre')
    }).done
  const lose = (parts: Parts, seq: number) =>
    parts.store.transact(async ({ get, remove }) => {
      const { number } = ((await get(STATE)) as BufferState).stream as StreamState
      remove([
        [number, seq],
        [number, seq],
      ])
    }).done

  test('goes as tombstones, and its neighbours as they are', async () => {
    const parts = await filled(['a', 'b', 'c', 'd', 'e', 'f'], { limits: { ...createParts().limits, batchEvents: 3 } })
    await damage(parts, 1, 3, 4)
    await lose(parts, 5)
    expect(await createFlusher(parts).flush()).toBeUndefined()
    expect(readStreams(parts.collector.presented)).toEqual([['1 damaged', '2 b', '3 damaged', '4-5 damaged', '6 f']])
    const { state, delivery, lines } = await readAll(parts)
    expect(lines).toEqual([])
    expect(delivery.forgotten.lines).toBe(state.appended.lines - 1)
  })

  test('goes with the same bytes on every repeat', async () => {
    const parts = await filled(['a', 'b', 'c'])
    await damage(parts, 2)
    parts.collector.answer = outage
    const { flush } = createFlusher(parts)
    for (let attempt = 0; attempt < 3; attempt++) await flush(true)
    const [first, ...repeats] = parts.collector.presented.map(({ rest }) => rest)
    expect(repeats).toEqual([first, first])
  })

  test('after it was cut goes as a tombstone, too', async () => {
    const parts = await filled(['a', 'b', 'c'])
    parts.collector.answer = outage
    const { flush } = createFlusher(parts)
    await flush()
    await damage(parts, 1, 2, 3)
    parts.collector.answer = record
    await flush(true)
    expect(readStreams(parts.collector.presented.slice(1))).toEqual([['1-3 damaged']])
    expect((await readAll(parts)).lines).toEqual([])
  })

  test.each([7, 'cuts', { epoch: 'x' }, { epoch: 1, list: [{}] }])(
    'as the record of cuts, to %j, is made anew',
    async (damaged) => {
      const parts = await filled(['a', 'b'])
      await parts.store.transact(async ({ put }) => put(CUTS, damaged)).done
      await createFlusher(parts).flush()
      expect(readStreams(parts.collector.presented)).toEqual([['1 a', '2 b']])
      expect((await readAll(parts)).delivery).toMatchObject({ epoch: 1, list: [], recorded: 2 })
    },
  )

  test.each([7, {}, { format: 1, streams: 'x' }])('as the state, to %j, keeps no line back', async (damaged) => {
    const parts = await filled(['a'])
    await parts.store.transact(async ({ put }) => put(STATE, damaged)).done
    parts.clock.set(parts.clock.now() + 1_000)
    await track(parts, 'b')
    await createFlusher(parts).flush()
    expect(readStreams(parts.collector.presented)).toEqual([['1 a'], ['1 b']])
  })
})

describe('without consent', () => {
  const decide = (parts: Parts, consent: string) =>
    parts.store.transact(async ({ get, put }) => put(STATE, { ...((await get(STATE)) as BufferState), consent })).done

  test.each(['denied', 'pending'] as const)('that is assumed to be %s nothing is sent', async (assumed) => {
    const parts = await filled(['a'])
    expect(await createFlusher({ ...parts, assumedConsent: () => assumed }).flush(true)).toBeUndefined()
    expect(parts.collector.presented).toEqual([])
  })

  test('that was withdrawn by another tab nothing is sent', async () => {
    const parts = await filled(['a'])
    await decide(parts, 'denied')
    expect(await createFlusher(parts).flush(true)).toBeUndefined()
    expect(parts.collector.presented).toEqual([])
  })

  test('that was withdrawn between two batches the second is not sent', async () => {
    const parts = await filled(['a', 'b', 'c'], inPairs)
    parts.collector.answer = async (presented) => {
      await decide(parts, 'denied')
      return record(presented)
    }
    await createFlusher(parts).flush()
    expect(rangesOf(parts)).toEqual(['1-2'])
  })

  test('until it was granted: what the visitor decided counts more than what is assumed', async () => {
    const parts = await filled(['a'])
    await decide(parts, 'granted')
    await createFlusher({ ...parts, assumedConsent: () => 'denied' }).flush()
    expect(parts.recorded).toHaveLength(1)
  })
})

describe('a copy', () => {
  test('of a batch that was kept waits for the end of the page, and says what it is', async () => {
    const parts = await filled(['a', 'b'])
    parts.collector.answer = outage
    await createFlusher(parts).flush()
    const [header = '', ...lines] = (parts.deferredCopy.text ?? '').split('\n')
    expect(parseHeader(header)).toMatchObject({ ok: true, value: { copy: true, first: 1, last: 2, attempt: 1 } })
    expect(lines.join('\n')).toBe(parts.collector.presented[0]?.rest)
  })

  test('is taken back before the batch is presented again, and is gone with the batch', async () => {
    const parts = await filled(['a'])
    parts.collector.answer = outage
    const { flush } = createFlusher(parts)
    await flush()
    const found: unknown[] = []
    parts.collector.answer = (presented) => {
      found.push(parts.deferredCopy.text)
      return record(presented)
    }
    await flush(true)
    expect([...found, parts.deferredCopy.text]).toEqual([undefined, undefined])
    expect(parts.deferredCopy.armed).toBe(1)
  })

  test('is not left where the collector itself asked for patience', async () => {
    const parts = await filled(['a'])
    parts.collector.answer = busy
    await createFlusher(parts).flush()
    expect(parts.deferredCopy.armed).toBe(0)
  })

  test('is not left by a page that is already gone, nor by one that was taken over from', async () => {
    const parts = await filled(['a'])
    const gate = createGate()
    parts.collector.answer = () => gate.opened.then(() => ({ status: 502 }))
    const { flush, release } = createFlusher(parts)
    flush()
    await turn()
    release()
    gate.open()
    await turn()
    expect((await readAll(parts)).delivery.lastError?.code).toBe('http_502')
    expect(parts.deferredCopy.armed).toBe(0)
  })

  test('stays while a flush only waits', async () => {
    const parts = await filled(['a'])
    parts.collector.answer = outage
    const { flush } = createFlusher(parts)
    await flush()
    await flush()
    expect(parts.deferredCopy.text).toBeDefined()
  })
})

describe('trouble', () => {
  test('with the store is told, and looked at again later', async () => {
    const parts = createParts({
      store: {
        mode: 'durable',
        transact: () => ({ done: Promise.reject(new Error('closed')), abort: () => true }),
        abortAll() {},
      },
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

describe('where the app has a token', () => {
  const named = (code: string): Answer => ({
    status: 401,
    body: JSON.stringify({ type: `${PROBLEM_TYPE}${code}`, code, detail: 'why' }),
  })
  /** Counts what it mints; takes the tokens that are `valid` only. */
  async function guarded(names: string[], { mint }: { mint?: () => string | Promise<string> } = {}) {
    let minted = 0
    const valid = new Set<string | undefined>(['t1'])
    const errors: string[] = []
    const parts = await filled(names, {
      ...inPairs,
      token: () => {
        minted += 1
        return mint ? mint() : `t${minted}`
      },
      onError: ({ code }) => errors.push(code),
    })
    parts.collector.answer = (presented) =>
      valid.has(presented.header.token) ? record(presented) : named('token_expired')
    const tokens = () => parts.collector.presented.map(({ header }) => header.token)
    return { parts, valid, errors, tokens, minted: () => minted, flusher: createFlusher(parts) }
  }

  test('one is asked for when the first batch is sent, and rides in the header of each', async () => {
    const { flusher, tokens, minted } = await guarded(['a', 'b', 'c', 'd'])
    expect(minted()).toBe(0)
    expect(await flusher.flush()).toBeUndefined()
    expect([tokens(), minted()]).toEqual([['t1', 't1'], 1])
  })

  test('nothing is asked for where nothing is to be sent', async () => {
    const { flusher, minted } = await guarded([])
    await flusher.flush()
    expect(minted()).toBe(0)
  })

  test('a new one is asked for when the collector takes the last one no more, at once and with no word to the app', async () => {
    const { parts, flusher, valid, tokens, errors } = await guarded(['a', 'b', 'c', 'd'])
    await flusher.flush()
    valid.clear()
    valid.add('t2')
    await track(parts, 'e', 'f')
    expect(await flusher.flush()).toBeUndefined()
    expect(tokens()).toEqual(['t1', 't1', 't1', 't2'])
    expect(parts.collector.events().slice(-2)).toEqual(['e', 'f'])
    expect(errors).toEqual([])
  })

  test('a new one that is not taken either is as good as a key that is not: kept, told, and asked for rarely', async () => {
    const { parts, flusher, valid, tokens, errors } = await guarded(['a', 'b'])
    valid.clear()
    const wait = await flusher.flush()
    expect(wait).toBeGreaterThan(10_000)
    expect([tokens(), errors]).toEqual([['t1'], ['token_expired']])
    parts.clock.set(parts.clock.now() + 3_600_000)
    await flusher.flush()
    expect(tokens()).toEqual(['t1', 't2'])
  })

  test.each<[what: string, mint: () => string | Promise<string>]>([
    [
      'throws',
      () => {
        throw new Error('no backend')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no backend'))],
  ])('a function that %s is an outage: the batch is kept, nothing is sent, and the app is told', async (_, mint) => {
    const { parts, flusher, errors } = await guarded(['a', 'b'], { mint })
    expect(await flusher.flush()).toBeGreaterThan(0)
    expect(parts.collector.presented).toEqual([])
    expect(errors).toEqual(['outage'])
    const { delivery } = await readAll(parts)
    expect(delivery.lastError?.detail).toBe('token: Error: no backend')
    expect(delivery.failures).toBe(1)
  })

  test('a function that never answers holds nothing up for longer than 10 s', async () => {
    const { parts, flusher, errors } = await guarded(['a', 'b'], { mint: () => new Promise(() => {}) })
    const flushed = flusher.flush()
    await parts.clock.pass(10_000)
    expect(await flushed).toBeGreaterThan(0)
    expect(errors).toEqual(['outage'])
  })

  test('a copy for when the page is gone has it, too', async () => {
    const { parts, flusher } = await guarded(['a', 'b'])
    parts.collector.answer = outage
    await flusher.flush()
    expect(parts.deferredCopy.text).toContain('"token":"t1"')
  })
})
