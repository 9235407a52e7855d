import { describe, expect, test } from 'vitest'
import { parseLine, tracked } from '../../test/operations.ts'
import { createDisk, createGate, createParts, outage, readAll, record, turn } from '../../test/parts.ts'
import { type Buffer, type BufferOptions, createBuffer } from './buffer.ts'
import { createStamper } from './stamping.ts'

/** A buffer on a page that runs. */
function startBuffer(options: BufferOptions): Buffer {
  const buffer = createBuffer(options)
  buffer.run()
  return buffer
}

describe('a page that begins', () => {
  test('sends what an earlier one has stored', async () => {
    const parts = createParts()
    await createStamper(parts).submit(tracked('a'))
    startBuffer(parts)
    await turn()
    expect(parts.collector.events()).toEqual(['a'])
  })

  test('stamps what an earlier one has journalled, and sends it soon', async () => {
    const parts = createParts()
    const earlier = createStamper(parts)
    earlier.leave()
    await earlier.submit(tracked('a'))
    startBuffer(parts)
    await parts.clock.pass(5_000)
    expect(parts.collector.events()).toEqual(['a'])
  })
})

describe('while the page runs', () => {
  test('events are sent after the interval, or when there are enough', async () => {
    const parts = createParts({ flushAt: 3, flushInterval: 2_000 })
    const buffer = startBuffer(parts)
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
    const buffer = startBuffer({ ...parts, lock: slowLock })
    await turn()
    await buffer.submit(tracked('a'))
    gate.open()
    await turn()
    expect(parts.collector.events()).toEqual(['a'])
  })

  test('after an outage the events are sent by themselves', async () => {
    const parts = createParts()
    parts.collector.answer = outage
    const buffer = startBuffer(parts)
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
    const buffer = startBuffer(parts)
    await turn()
    await buffer.submit(tracked('a'))
    buffer.flushNow()
    await turn()
    expect(parts.collector.events()).toEqual(['a'])
  })

  test('hidden: what was handed over in the same breath is sent as well', async () => {
    const parts = createParts()
    const buffer = startBuffer(parts)
    await turn()
    buffer.submit(tracked('a'))
    buffer.flushNow()
    await turn()
    expect(parts.collector.events()).toEqual(['a'])
  })

  test('left: nothing is cut or sent any more, and nothing is lost', async () => {
    const parts = createParts({ flushAt: 1 })
    const buffer = startBuffer(parts)
    await turn()
    buffer.leave()
    buffer.submit(tracked('a'))
    await parts.clock.pass(60_000)
    expect(parts.collector.presented).toEqual([])
    expect((await readAll(parts)).raw).toHaveLength(1)
  })

  test('running again: what was journalled is stamped once and sent', async () => {
    const parts = createParts({ flushInterval: 1_000 })
    const buffer = startBuffer(parts)
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
    const buffer = startBuffer(parts)
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
    const { lines } = await readAll(parts)
    expect(lines.map((line) => parseLine(line).event)).toEqual(['a', 'b', 'c'])
  })

  test('running again while a request is still under way: what was journalled is stamped at once', async () => {
    const parts = createParts()
    const buffer = startBuffer(parts)
    await turn()
    parts.collector.answer = () => new Promise(() => {})
    await buffer.submit(tracked('a'))
    buffer.flushNow()
    await turn()
    buffer.leave()
    await buffer.submit(tracked('b'))
    buffer.run()
    await parts.clock.pass(5_000)
    expect((await readAll(parts)).raw).toEqual([])
  })

  test('left in the middle of a request: the lock is free for another tab', async () => {
    const parts = createParts()
    parts.collector.answer = () => new Promise(() => {})
    const buffer = startBuffer(parts)
    await buffer.submit(tracked('a'))
    buffer.flushNow()
    await turn()
    buffer.leave()
    await turn()
    expect(await parts.lock(async () => 'free', new AbortController().signal)).toBe('free')
  })

  test.each(['leave', 'maybeLeave'] as const)(
    'in the middle of a flush’s own transaction (%s): that is no trouble',
    async (how) => {
      const disk = createDisk()
      const parts = createParts({ store: disk })
      const buffer = startBuffer(parts)
      await turn()
      await buffer.submit(tracked('a'))
      const gate = createGate()
      disk.beforeCommit = () => gate.opened
      buffer.flushNow()
      await turn()
      buffer[how]()
      gate.open()
      await parts.clock.pass(0)
      expect(parts.errors).toEqual([])
      if (how === 'leave') buffer.run()
      await turn()
      expect(parts.recorded).toHaveLength(1)
    },
  )

  test.each(['leave', 'maybeLeave'] as const)(
    'before there is consent (%s): the store is not looked at',
    async (how) => {
      const disk = createDisk()
      const parts = createParts({ store: disk, assumedConsent: () => 'pending' })
      createBuffer(parts)[how]()
      await parts.clock.pass(1_000)
      expect(disk.begun).toBe(0)
      expect(parts.hindrances).toEqual([])
    },
  )

  test('online: our own backoff is over', async () => {
    const parts = createParts()
    parts.collector.answer = outage
    const buffer = startBuffer(parts)
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
    const buffer = startBuffer(parts)
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
    const buffer = startBuffer(parts)
    await turn()
    const result = buffer.submit(tracked('a'))
    buffer.halt()
    await buffer.settled()
    expect(await result).toMatchObject({ seq: 1 })
    const presented = parts.collector.presented.length
    await parts.clock.pass(3_600_000)
    expect(parts.collector.presented).toHaveLength(presented)
    expect(parts.clock.pending()).toEqual([])
  })
})

test('what is stored can be read at any time', async () => {
  const parts = createParts()
  const buffer = startBuffer(parts)
  expect(await buffer.read()).toMatchObject({ delivery: { list: [] } })
  await buffer.submit(tracked('a'))
  const { state, oldest } = await buffer.read()
  expect(state?.stream?.seq).toBe(1)
  expect(parseLine(oldest ?? '').event).toBe('a')
})
