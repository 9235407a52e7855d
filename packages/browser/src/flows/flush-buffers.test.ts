import { limits } from '@waybill/protocol'
import { describe, expect, test } from 'vitest'
import { reset, tracked } from '../../test/operations.ts'
import { createBuffersParts, createDisk, createGate, outage, readStreams, record, turn } from '../../test/parts.ts'
import type { Store } from '../core/store.ts'
import { createBuffers } from './buffers.ts'
import { flushBuffers } from './flush-buffers.ts'

describe('flush', () => {
  const pastEnd = 60_000

  test('resolves when all that was there is recorded', async () => {
    const parts = createBuffersParts({ limits: { ...limits, batchEvents: 1 } })
    const buffer = createBuffers(parts)
    for (const name of ['a', 'b', 'c']) buffer.submit(tracked(name))
    expect(await flushBuffers(buffer, 10_000, parts.delay)).toEqual({ recorded: true })
    expect(parts.collector.events()).toEqual(['a', 'b', 'c'])
  })

  test('of an empty buffer resolves at once', async () => {
    const parts = createBuffersParts()
    expect(await flushBuffers(createBuffers(parts), 10_000, parts.delay)).toEqual({ recorded: true })
  })

  test('says how many are not recorded and why, when its time is up', async () => {
    const parts = createBuffersParts()
    parts.collector.answer = outage
    const buffer = createBuffers(parts)
    for (const name of ['a', 'b']) buffer.submit(tracked(name))
    const flushed = flushBuffers(buffer, 10_000, parts.delay)
    await parts.clock.pass(pastEnd)
    expect(await flushed).toEqual({ recorded: false, pending: 2, reason: 'outage' })
  })

  test('says that its time was up when no answer came', async () => {
    const parts = createBuffersParts()
    parts.collector.answer = () => new Promise(() => {})
    const buffer = createBuffers(parts)
    buffer.submit(tracked('a'))
    const flushed = flushBuffers(buffer, 10_000, parts.delay)
    await parts.clock.pass(10_000)
    expect(await flushed).toEqual({ recorded: false, pending: 1, reason: 'timeout' })
  })

  test('keeps its time though the store never answers', async () => {
    const hanging = { done: new Promise<never>(() => {}), abort: () => true }
    const parts = createBuffersParts({ store: { mode: 'durable', transact: () => hanging, abortAll() {} } })
    const buffer = createBuffers(parts)
    buffer.submit(tracked('a'))
    let flushed = false
    flushBuffers(buffer, 10_000, parts.delay).then(() => {
      flushed = true
    })
    await parts.clock.pass(pastEnd)
    expect(flushed).toBe(true)
  })

  test('tries until its time is up, and succeeds when the outage ends', async () => {
    const parts = createBuffersParts()
    const answers = [outage, outage]
    parts.collector.answer = (presented) => (answers.shift() ?? record)(presented)
    const buffer = createBuffers(parts)
    buffer.submit(tracked('a'))
    const flushed = flushBuffers(buffer, 10_000, parts.delay)
    await parts.clock.pass(10_000)
    expect(await flushed).toEqual({ recorded: true })
  })

  test('does not wait out the backoff that an earlier page has left', async () => {
    const parts = createBuffersParts()
    parts.collector.answer = outage
    const earlier = createBuffers(parts)
    await earlier.submit(tracked('a'))
    for (let attempt = 0; attempt < 12; attempt++) await earlier.flushNow(true)
    earlier.halt()
    parts.collector.answer = record
    const flushed = flushBuffers(createBuffers(parts), 10_000, parts.delay)
    await parts.clock.pass(2_000)
    expect(await flushed).toEqual({ recorded: true })
  })

  test('does not wait for what comes after it', async () => {
    const parts = createBuffersParts()
    const buffer = createBuffers(parts)
    parts.collector.answer = async (presented) => {
      if (presented.header.first > 1) return outage()
      buffer.submit(tracked('later'))
      await turn()
      return record(presented)
    }
    buffer.submit(tracked('a'))
    expect(await flushBuffers(buffer, 10_000, parts.delay)).toEqual({ recorded: true })
  })

  test('counts what is left of what was there, whatever comes after it', async () => {
    const parts = createBuffersParts({ limits: { ...limits, batchEvents: 1 } })
    const buffer = createBuffers(parts)
    parts.collector.answer = async (presented) => {
      if (presented.header.first > 1) return outage()
      for (const name of ['later', 'later still']) buffer.submit(tracked(name))
      await turn()
      return record(presented)
    }
    for (const name of ['a', 'b', 'c']) buffer.submit(tracked(name))
    const flushed = flushBuffers(buffer, 10_000, parts.delay)
    await parts.clock.pass(pastEnd)
    expect(await flushed).toEqual({ recorded: false, pending: 2, reason: 'outage' })
  })

  test('has the store count nothing, which takes it the longer the more waits', async () => {
    const disk = createDisk()
    const count = () => Promise.reject(new Error('counted'))
    const store: Store = {
      ...disk,
      transact: (work, options) => disk.transact((transaction) => work({ ...transaction, count }), options),
    }
    const parts = createBuffersParts({ store })
    const buffer = createBuffers(parts)
    buffer.submit(tracked('a'))
    expect(await flushBuffers(buffer, 10_000, parts.delay)).toEqual({ recorded: true })
  })

  test('claims nothing of lines that outlived their state', async () => {
    const parts = createBuffersParts()
    const earlier = createBuffers(parts)
    await earlier.submit(tracked('a'))
    await parts.store.transact(async ({ remove }) => remove(['state', 'state'])).done
    parts.collector.answer = outage
    const flushed = flushBuffers(createBuffers(parts), 10_000, parts.delay)
    await parts.clock.pass(pastEnd)
    expect(await flushed).toEqual({ recorded: false, pending: 1, reason: 'outage' })
  })

  test('waits for the streams of all who were here before', async () => {
    const parts = createBuffersParts()
    const buffers = createBuffers(parts)
    for (const operation of [tracked('a'), reset, tracked('b')]) buffers.submit(operation)
    expect(await flushBuffers(buffers, 10_000, parts.delay)).toEqual({ recorded: true })
    expect(readStreams(parts.collector.presented)).toEqual([['1 a'], ['1 b']])
  })

  test('claims nothing after the state record was lost', async () => {
    const parts = createBuffersParts()
    const earlier = createBuffers(parts)
    for (const name of ['a', 'b', 'c']) earlier.submit(tracked(name))
    await flushBuffers(earlier, 10_000, parts.delay)
    earlier.halt()
    await parts.store.transact(async ({ remove }) => remove(['state', 'state'])).done
    parts.collector.answer = outage
    const buffer = createBuffers(parts)
    buffer.submit(tracked('d'))
    const flushed = flushBuffers(buffer, 10_000, parts.delay)
    await parts.clock.pass(pastEnd)
    expect(await flushed).toEqual({ recorded: false, pending: 1, reason: 'outage' })
  })
})

describe('while the store fails', () => {
  const pastEnd = 60_000
  const down = new Error('down')

  test('what is in memory is flushed', async () => {
    const parts = createBuffersParts()
    const buffers = createBuffers(parts)
    parts.disk.always = down
    for (const name of ['a', 'b']) buffers.submit(tracked(name))
    const flushed = flushBuffers(buffers, 10_000, parts.delay)
    await parts.clock.pass(10_000)
    expect(await flushed).toEqual({ recorded: true })
    expect(parts.collector.events()).toEqual(['a', 'b'])
  })

  test('what is in memory and what is in the store are counted together', async () => {
    const parts = createBuffersParts()
    const buffers = createBuffers(parts)
    parts.collector.answer = outage
    await buffers.submit(tracked('a'))
    parts.disk.failures.push(down, down, down)
    await buffers.submit(tracked('b'))
    const flushed = flushBuffers(buffers, 10_000, parts.delay)
    await parts.clock.pass(10_000)
    expect(await flushed).toEqual({ recorded: false, pending: 2, reason: 'outage' })
  })

  test('and works again in the middle of it, what moved from one to the other still counts', async () => {
    const parts = createBuffersParts()
    const buffers = createBuffers(parts)
    parts.collector.answer = outage
    parts.disk.always = down
    await buffers.submit(tracked('a'))
    let result: unknown
    flushBuffers(buffers, 50_000, parts.delay).then((flushed) => {
      result = flushed
    })
    await parts.clock.pass(5_000)
    parts.disk.always = undefined
    buffers.run()
    await parts.clock.pass(1_000)
    expect([buffers.current()[0].mode, result]).toEqual(['durable', undefined])
    parts.collector.answer = record
    await parts.clock.pass(pastEnd)
    expect(result).toEqual({ recorded: true })
    expect(readStreams(parts.collector.presented)).toEqual([['1 a']])
  })

  test('a flush that is asked for in the middle of an adoption counts what waits for its end', async () => {
    const parts = createBuffersParts()
    const buffers = createBuffers(parts)
    parts.disk.always = down
    await buffers.submit(tracked('a'))
    await buffers.flushNow()
    parts.disk.always = undefined
    parts.collector.answer = outage
    const gate = createGate()
    parts.disk.beforeCommit = () => gate.opened
    buffers.run()
    await turn()
    buffers.submit(tracked('b'))
    const flushed = flushBuffers(buffers, 10_000, parts.delay)
    gate.open()
    await parts.clock.pass(pastEnd)
    expect(await flushed).toEqual({ recorded: false, pending: 1, reason: 'outage' })
  })
})
