import { describe, expect, test } from 'vitest'
import { parseLine, tracked } from '../../test/operations.ts'
import { createGate, createParts, outage, readAll, record, turn } from '../../test/parts.ts'
import { createBuffer } from './buffer.ts'
import { flushBuffer } from './flush-buffer.ts'
import { createStamper } from './stamping.ts'

describe('a page that begins', () => {
  test('sends what an earlier one has stored', async () => {
    const parts = createParts()
    await createStamper(parts).submit(tracked('a'))
    createBuffer(parts)
    await turn()
    expect(parts.collector.events()).toEqual(['a'])
  })

  test('stamps what an earlier one has journalled, and sends it soon', async () => {
    const parts = createParts()
    const earlier = createStamper(parts)
    earlier.leave()
    await earlier.submit(tracked('a'))
    createBuffer(parts)
    await parts.clock.pass(5_000)
    expect(parts.collector.events()).toEqual(['a'])
  })
})

describe('while the page runs', () => {
  test('events are sent after the interval, or when there are enough', async () => {
    const parts = createParts({ flushAt: 3, flushInterval: 2_000 })
    const buffer = createBuffer(parts)
    await turn()
    buffer.submit(tracked('a'))
    await parts.clock.pass(1_999)
    expect(parts.collector.events()).toEqual([])
    await parts.clock.pass(1)
    expect(parts.collector.events()).toEqual(['a'])
    for (const name of ['b', 'c', 'd']) buffer.submit(tracked(name))
    await turn()
    expect(parts.collector.events()).toEqual(['a', 'b', 'c', 'd'])
  })

  test('an event that comes just as a flush ends is sent as well', async () => {
    const gate = createGate()
    const parts = createParts({ flushAt: 1 })
    const { lock } = parts
    // The browser tells that a lock is free a little after its holder has ended.
    const slowLock: typeof lock = async (work, signal) => {
      const outcome = await lock(work, signal)
      await gate.opened
      return outcome
    }
    const buffer = createBuffer({ ...parts, lock: slowLock })
    await turn()
    await buffer.submit(tracked('a'))
    gate.open()
    await turn()
    expect(parts.collector.events()).toEqual(['a'])
  })

  test('after an outage the events are sent by themselves', async () => {
    const parts = createParts()
    parts.collector.answer = outage
    const buffer = createBuffer(parts)
    buffer.submit(tracked('a'))
    await parts.clock.pass(60_000)
    const attempts = parts.collector.presented.length
    expect(attempts).toBeGreaterThan(3)
    expect(attempts).toBeLessThan(10)
    parts.collector.answer = record
    await parts.clock.pass(120_000)
    expect(parts.recorded).toHaveLength(1)
  })
})

describe('what the page goes through', () => {
  test('hidden: what is there is sent at once', async () => {
    const parts = createParts()
    const buffer = createBuffer(parts)
    await turn()
    await buffer.submit(tracked('a'))
    buffer.flushNow()
    await turn()
    expect(parts.collector.events()).toEqual(['a'])
  })

  test('hidden: what was handed over in the same breath is sent as well', async () => {
    const parts = createParts()
    const buffer = createBuffer(parts)
    await turn()
    buffer.submit(tracked('a'))
    buffer.flushNow()
    await turn()
    expect(parts.collector.events()).toEqual(['a'])
  })

  test('left: nothing is cut or sent any more, and nothing is lost', async () => {
    const parts = createParts({ flushAt: 1 })
    const buffer = createBuffer(parts)
    await turn()
    buffer.leave()
    buffer.submit(tracked('a'))
    await parts.clock.pass(60_000)
    expect(parts.collector.presented).toEqual([])
    expect((await readAll(parts.store)).raw).toHaveLength(1)
  })

  test('running again: what was journalled is stamped once and sent', async () => {
    const parts = createParts({ flushInterval: 1_000 })
    const buffer = createBuffer(parts)
    await turn()
    buffer.leave()
    await buffer.submit(tracked('a'))
    buffer.run()
    buffer.run()
    await parts.clock.pass(1_000)
    await buffer.submit(tracked('b'))
    await parts.clock.pass(1_000)
    expect(parts.collector.events()).toEqual(['a', 'b'])
  })

  test('running again while a request is still under way: its events keep their order', async () => {
    const parts = createParts()
    const buffer = createBuffer(parts)
    await turn()
    parts.collector.answer = () => new Promise(() => {})
    await buffer.submit(tracked('a'))
    buffer.flushNow()
    await turn()
    buffer.leave()
    await buffer.submit(tracked('b'))
    buffer.run()
    await buffer.submit(tracked('c'))
    await turn()
    const { lines } = await readAll(parts.store)
    expect(lines.map((line) => parseLine(line).event)).toEqual(['a', 'b', 'c'])
  })

  test('running again while a request is still under way: what was journalled is stamped at once', async () => {
    const parts = createParts()
    const buffer = createBuffer(parts)
    await turn()
    parts.collector.answer = () => new Promise(() => {})
    await buffer.submit(tracked('a'))
    buffer.flushNow()
    await turn()
    buffer.leave()
    await buffer.submit(tracked('b'))
    buffer.run()
    await parts.clock.pass(5_000)
    expect((await readAll(parts.store)).raw).toEqual([])
  })

  test('left in the middle of a request: the lock is free for another tab', async () => {
    const parts = createParts()
    parts.collector.answer = () => new Promise(() => {})
    const buffer = createBuffer(parts)
    await buffer.submit(tracked('a'))
    buffer.flushNow()
    await turn()
    buffer.leave()
    await turn()
    expect(await parts.lock(async () => 'free', new AbortController().signal)).toBe('free')
  })

  test('online: our own backoff is over', async () => {
    const parts = createParts()
    parts.collector.answer = outage
    const buffer = createBuffer(parts)
    await buffer.submit(tracked('a'))
    await buffer.flushNow()
    parts.collector.answer = record
    buffer.run(true)
    await turn()
    expect(parts.recorded).toHaveLength(1)
  })

  test('online in the middle of an attempt that fails: it is tried again at once', async () => {
    const gate = createGate()
    const parts = createParts()
    const answers = [() => gate.opened.then(outage)]
    parts.collector.answer = (presented) => answers.shift()?.() ?? record(presented)
    const buffer = createBuffer(parts)
    await turn()
    await buffer.submit(tracked('a'))
    buffer.flushNow()
    await turn()
    buffer.run(true)
    gate.open()
    await turn()
    expect(parts.recorded).toHaveLength(1)
  })

  test('closed: what was handed over is stored, and nothing is sent any more', async () => {
    const parts = createParts({ flushAt: 1 })
    const buffer = createBuffer(parts)
    await turn()
    const result = buffer.submit(tracked('a'))
    await buffer.close()
    expect(await result).toMatchObject({ seq: 1 })
    const presented = parts.collector.presented.length
    await parts.clock.pass(3_600_000)
    expect(parts.collector.presented).toHaveLength(presented)
    expect(parts.clock.pending()).toEqual([])
  })
})

describe('flush', () => {
  const pastEnd = 60_000

  test('resolves when all that was there is recorded', async () => {
    const parts = createParts({ limits: { ...createParts().limits, batchEvents: 1 } })
    const buffer = createBuffer(parts)
    for (const name of ['a', 'b', 'c']) buffer.submit(tracked(name))
    expect(await flushBuffer(buffer, 10_000, parts.delay)).toEqual({ recorded: true })
    expect(parts.collector.events()).toEqual(['a', 'b', 'c'])
  })

  test('of an empty buffer resolves at once', async () => {
    const parts = createParts()
    expect(await flushBuffer(createBuffer(parts), 10_000, parts.delay)).toEqual({ recorded: true })
  })

  test('says how many are not recorded and why, when its time is up', async () => {
    const parts = createParts()
    parts.collector.answer = outage
    const buffer = createBuffer(parts)
    for (const name of ['a', 'b']) buffer.submit(tracked(name))
    const flushed = flushBuffer(buffer, 10_000, parts.delay)
    await parts.clock.pass(pastEnd)
    expect(await flushed).toEqual({ recorded: false, pending: 2, reason: 'outage' })
  })

  test('says that its time was up when no answer came', async () => {
    const parts = createParts()
    parts.collector.answer = () => new Promise(() => {})
    const buffer = createBuffer(parts)
    buffer.submit(tracked('a'))
    const flushed = flushBuffer(buffer, 10_000, parts.delay)
    await parts.clock.pass(10_000)
    expect(await flushed).toEqual({ recorded: false, pending: 1, reason: 'timeout' })
  })

  test('keeps its time though the store never answers', async () => {
    const hanging = { done: new Promise<never>(() => {}), abort: () => true }
    const parts = createParts({ store: { mode: 'durable', transact: () => hanging } })
    const buffer = createBuffer(parts)
    buffer.submit(tracked('a'))
    let flushed = false
    flushBuffer(buffer, 10_000, parts.delay).then(() => {
      flushed = true
    })
    await parts.clock.pass(pastEnd)
    expect(flushed).toBe(true)
  })

  test('tries until its time is up, and succeeds when the outage ends', async () => {
    const parts = createParts()
    const answers = [outage, outage]
    parts.collector.answer = (presented) => (answers.shift() ?? record)(presented)
    const buffer = createBuffer(parts)
    buffer.submit(tracked('a'))
    const flushed = flushBuffer(buffer, 10_000, parts.delay)
    await parts.clock.pass(10_000)
    expect(await flushed).toEqual({ recorded: true })
  })

  test('does not wait out the backoff that an earlier page has left', async () => {
    const parts = createParts()
    parts.collector.answer = outage
    const earlier = createBuffer(parts)
    await earlier.submit(tracked('a'))
    for (let attempt = 0; attempt < 12; attempt++) await earlier.flushNow(true)
    await earlier.close()
    parts.collector.answer = record
    const flushed = flushBuffer(createBuffer(parts), 10_000, parts.delay)
    await parts.clock.pass(2_000)
    expect(await flushed).toEqual({ recorded: true })
  })

  test('does not wait for what comes after it', async () => {
    const parts = createParts()
    const buffer = createBuffer(parts)
    parts.collector.answer = async (presented) => {
      if (presented.header.first > 1) return outage()
      buffer.submit(tracked('later'))
      await turn()
      return record(presented)
    }
    buffer.submit(tracked('a'))
    expect(await flushBuffer(buffer, 10_000, parts.delay)).toEqual({ recorded: true })
  })

  test('claims nothing after the state record was lost', async () => {
    const parts = createParts()
    const earlier = createBuffer(parts)
    for (const name of ['a', 'b', 'c']) earlier.submit(tracked(name))
    await flushBuffer(earlier, 10_000, parts.delay)
    await earlier.close()
    await parts.store.transact(async ({ remove }) => remove(['state', 'state'])).done
    parts.collector.answer = outage
    const buffer = createBuffer(parts)
    buffer.submit(tracked('d'))
    const flushed = flushBuffer(buffer, 10_000, parts.delay)
    await parts.clock.pass(pastEnd)
    expect(await flushed).toEqual({ recorded: false, pending: 1, reason: 'outage' })
  })
})

test('what is stored can be read at any time', async () => {
  const parts = createParts()
  const buffer = createBuffer(parts)
  expect(await buffer.read()).toMatchObject({ delivery: { list: [] } })
  buffer.submit(tracked('a'))
  const { state, oldest } = await buffer.read()
  expect(state?.stream.seq).toBe(1)
  expect(parseLine(oldest ?? '').event).toBe('a')
})
