import { describe, expect, test } from 'vitest'
import { identified, parseLine, registered, reset, spanCall, tracked } from '../../test/operations.ts'
import {
  createBuffersParts,
  createGate,
  newPage,
  outage,
  putRaw,
  readAll,
  readStreams,
  record,
  turn,
} from '../../test/parts.ts'
import { type BufferState, STATE } from '../core/records.ts'
import { createBuffer } from './buffer.ts'
import { type Buffers, type BuffersOptions, createBuffers } from './buffers.ts'

type Parts = ReturnType<typeof createBuffersParts>

const down = new Error('the disk is gone')
const RETRY = 30_000

/** Two tries more make three. */
const failOnce = ({ disk }: Parts) => disk.failures.push(down, down, down)

function createScene(options: Partial<Omit<BuffersOptions, 'deferredCopy'>> = {}) {
  const parts = createBuffersParts(options)
  const buffers = createBuffers(parts)
  const track = async (...names: string[]) => {
    const results = await Promise.all(names.map((name) => buffers.submit(tracked(name))))
    return results.map((result) => ('seq' in result ? [result.status, result.seq] : result))
  }
  return { parts, buffers, track }
}

/** What the store holds, stream by stream. */
const storedStreams = async (parts: Parts) => {
  const events = (await readAll(parts)).lines.map(parseLine)
  return [...Map.groupBy(events, ({ streamId }) => streamId).values()].map((stream) =>
    stream.map(({ seq, event }) => `${seq} ${event}`),
  )
}

/** Lets the store work again, and waits until that was noticed. */
async function mend({ parts, buffers }: { parts: Parts; buffers: Buffers }) {
  parts.disk.always = undefined
  await parts.clock.pass(RETRY)
  await turn()
  expect(buffers.current()[0].mode).toBe('durable')
}

describe('while the store works', () => {
  test('events are kept there', async () => {
    const { parts, buffers, track } = createScene()
    expect(await track('a', 'b')).toEqual([
      ['durable', 1],
      ['durable', 2],
    ])
    expect(buffers.current()[0].mode).toBe('durable')
    expect(buffers.current()).toHaveLength(1)
    expect(parts.errors).toEqual([])
  })

  test('a failure that passes is not noticed', async () => {
    const { parts, buffers, track } = createScene()
    parts.disk.failures.push(down, down)
    expect(await track('a')).toEqual([['durable', 1]])
    expect(buffers.current()[0].mode).toBe('durable')
  })
})

describe('while the store fails', () => {
  test('events are kept in memory, in one stream, and it is told once', async () => {
    const { parts, buffers, track } = createScene()
    parts.disk.always = down
    expect(await track('a', 'b')).toEqual([
      ['memory', 1],
      ['memory', 2],
    ])
    expect(await track('c')).toEqual([['memory', 3]])
    expect(buffers.current()[0].mode).toBe('memory')
    expect(parts.errors).toEqual([{ code: 'storage', detail: String(down) }])
    expect((await readAll({ ...parts, store: parts.disk }).catch(() => undefined))?.lines).toBeUndefined()
  })

  test('transactions that fail together share one memory', async () => {
    const { parts, buffers } = createScene()
    parts.disk.always = down
    const results = []
    for (const name of ['a', 'b', 'c']) {
      results.push(buffers.submit(tracked(name)))
      await Promise.resolve()
    }
    const seqs = (await Promise.all(results)).map((result) => 'seq' in result && result.seq)
    expect(seqs.toSorted()).toEqual([1, 2, 3])
    expect(buffers.current()).toHaveLength(2)
  })

  test('what is tracked then comes after what a later transaction still fails with', async () => {
    const { parts, buffers, track } = createScene()
    parts.disk.always = down
    const gate = createGate()
    let tries = 0
    let second: ReturnType<typeof track> | undefined
    // The first has taken what it stamps, and fails for the third time; the second waits at its end.
    parts.disk.beforeCommit = () => {
      if (++tries === 3) second = track('b')
      return tries > 3 ? gate.opened : undefined
    }
    expect(await track('a')).toEqual([['memory', 1]])
    const third = track('c')
    gate.open()
    expect([await second, await third]).toEqual([[['memory', 2]], [['memory', 3]]])
    await buffers.flushNow()
    expect(readStreams(parts.collector.presented)).toEqual([['1 a', '2 b', '3 c']])
  })

  test('what was to be forgotten is not kept in memory when the store fails with it at last', async () => {
    const { parts, buffers, track } = createScene()
    parts.disk.always = down
    const gate = createGate()
    parts.disk.beforeCommit = () => gate.opened
    const before = track('before')
    await parts.clock.pass(1)
    const forgotten = buffers.forget(parts.clock.now()).catch(String)
    gate.open()
    expect([await before, await forgotten]).toEqual([[{ status: 'dropped', reason: 'forgotten' }], String(down)])
    expect(await track('after')).toEqual([['memory', 1]])
  })

  test('what pages have left behind waits for the store: memory would take it with it', async () => {
    const { parts, buffers, track } = createScene()
    const words = JSON.stringify({ tab: 'another', run: 1, operations: [tracked('left')] })
    parts.lastWords.write('a', words)
    parts.disk.always = down
    await track('m1')
    buffers.run()
    await buffers.flushNow(true)
    expect(parts.collector.events()).toEqual(['m1'])
    expect(parts.lastWords.read()).toEqual([['a', words]])
  })

  test('they are sent from there', async () => {
    const { parts, buffers, track } = createScene()
    parts.disk.always = down
    await track('a', 'b')
    await buffers.flushNow()
    expect(readStreams(parts.collector.presented)).toEqual([['1 a', '2 b']])
  })

  test('the person and what has accumulated go on', async () => {
    const { parts, buffers } = createScene()
    await buffers.submit(identified('ada'))
    await buffers.submit(registered({ plan: 'pro' }))
    await buffers.submit(tracked('a'))
    parts.disk.always = down
    await buffers.submit(tracked('b'))
    await buffers.flushNow()
    parts.disk.always = undefined
    await buffers.flushNow()
    const [b, , a] = parts.collector.presented.flatMap(({ rest }) => rest.trimEnd().split('\n').map(parseLine))
    expect(b).toMatchObject({ event: 'b', seq: 1, userId: 'ada', state: { registered: { plan: 'pro' } } })
    expect(b?.anonymousId).toBe(a?.anonymousId)
    expect(b?.streamId).not.toBe(a?.streamId)
  })

  test('a span that was open goes on, ends there, and is not abandoned later', async () => {
    const scene = createScene()
    const { parts, buffers } = scene
    const started = await buffers.submit(spanCall('start', { properties: { a: 1 } }))
    const id = 'spanId' in started ? started.spanId : undefined
    parts.disk.always = down
    expect(await buffers.submit(spanCall('end', { after: 5_000, id }))).toMatchObject({ status: 'memory', spanId: id })
    await mend(scene)
    await parts.clock.pass(86_400_000)
    await buffers.submit(tracked('later'))
    await buffers.flushNow(true)
    const lines = parts.collector.presented.flatMap(({ rest }) => rest.trimEnd().split('\n').map(parseLine))
    expect(lines.map(({ event, span }) => [event, span?.outcome])).toEqual([
      ['Checkout', 'completed'],
      ['later', undefined],
    ])
  })

  test('what the store holds is delivered all the same, where it can still be read and emptied', async () => {
    const { parts, buffers, track } = createScene()
    await track('a')
    failOnce(parts)
    await track('b')
    expect(buffers.current()[0].mode).toBe('memory')
    // A full disk: nothing can be added.
    await buffers.flushNow()
    expect(parts.collector.events().toSorted()).toEqual(['a', 'b'])
  })

  test('it is tried again and again, at a steady pace', async () => {
    const { parts, buffers, track } = createScene()
    parts.disk.always = down
    await track('a')
    const before = parts.disk.begun
    await parts.clock.pass(10 * RETRY)
    expect(parts.disk.begun - before).toBeGreaterThanOrEqual(10)
    expect(parts.disk.begun - before).toBeLessThan(200)
    expect(buffers.current()[0].mode).toBe('memory')
    expect(parts.errors.filter(({ detail }) => detail !== String(down))).toEqual([])
  })
})

describe('when the store works again', () => {
  test('it adopts what was kept in memory, once, and new events go on in its stream', async () => {
    const scene = createScene()
    const { parts, track } = scene
    parts.collector.answer = outage
    await track('a')
    parts.disk.always = down
    await track('m1', 'm2')
    await mend(scene)
    expect(await track('b')).toEqual([['durable', 2]])
    expect(await storedStreams(parts)).toEqual([
      ['1 a', '2 b'],
      ['1 m1', '2 m2'],
    ])
  })

  test('what was refused meanwhile is counted on', async () => {
    const scene = createScene()
    const { parts, buffers, track } = scene
    parts.disk.always = down
    await track('m')
    await buffers.submit('invalid_name')
    await buffers.submit('invalid_name')
    await mend(scene)
    expect(buffers.current()[0].refused()).toBe(2)
    await track('a')
    expect((await readAll(parts)).state.dropped).toBe(2)
  })

  test('it adopts when the page runs again, too, and when room was made', async () => {
    for (const sign of ['run', 'recorded'] as const) {
      const { parts, buffers, track } = createScene()
      await track('a')
      failOnce(parts)
      await track('m')
      if (sign === 'run') buffers.run()
      else await buffers.flushNow()
      await turn()
      expect([sign, buffers.current()[0].mode]).toEqual([sign, 'durable'])
    }
  })

  test('what was empty has the stream that began in memory', async () => {
    const scene = createScene()
    const { parts, track } = scene
    parts.collector.answer = outage
    parts.disk.always = down
    await track('m1')
    await mend(scene)
    expect(await track('b')).toEqual([['durable', 2]])
    expect(await storedStreams(parts)).toEqual([['1 m1', '2 b']])
  })

  test('what is tracked meanwhile is stored once', async () => {
    const { parts, buffers, track } = createScene()
    parts.collector.answer = outage
    parts.disk.always = down
    await track('m1')
    parts.disk.always = undefined
    const gate = createGate()
    parts.disk.beforeCommit = () => gate.opened
    buffers.run()
    await turn()
    const meanwhile = Promise.all(['x', 'y'].map((name) => buffers.submit(tracked(name))))
    await turn()
    gate.open()
    expect(await meanwhile).toMatchObject([{ status: 'durable' }, { status: 'durable' }])
    expect((await storedStreams(parts)).flat().toSorted()).toEqual(['1 m1', '2 x', '3 y'])
    expect(buffers.current()[0].mode).toBe('durable')
  })

  test('and fails in the middle of it, all goes on in memory, in one stream', async () => {
    const scene = createScene()
    const { parts, buffers, track } = scene
    parts.collector.answer = outage
    parts.disk.always = down
    await track('m1')
    const gate = createGate()
    parts.disk.beforeCommit = () => gate.opened
    buffers.run()
    await turn()
    const meanwhile = buffers.submit(tracked('x'))
    gate.open()
    expect(await meanwhile).toEqual({ status: 'memory', seq: 2 })
    expect(await track('m2')).toEqual([['memory', 3]])
    await mend(scene)
    expect(await storedStreams(parts)).toEqual([['1 m1', '2 x', '3 m2']])
  })

  test('adoption is settled before a flush counts', async () => {
    const { parts, buffers, track } = createScene()
    parts.disk.always = down
    await track('m1')
    await buffers.flushNow()
    parts.disk.always = undefined
    const gate = createGate()
    parts.disk.beforeCommit = () => gate.opened
    buffers.run()
    await turn()
    buffers.submit(tracked('x'))
    let settled = false
    const done = buffers.settled().then(() => {
      settled = true
    })
    await turn()
    expect(settled).toBe(false)
    gate.open()
    await done
    const [first] = buffers.current()
    expect((await first.read()).state?.stream?.seq).toBe(2)
  })

  test('a batch that was under way is presented again from the store, with the same bytes, and counted once', async () => {
    const scene = createScene()
    const { parts, buffers, track } = scene
    parts.disk.always = down
    await track('m1', 'm2')
    const gate = createGate()
    parts.collector.answer = async (presented) => {
      if (presented.header.attempt === 1) await gate.opened
      return record(presented)
    }
    buffers.flushNow()
    await turn()
    expect(parts.collector.presented).toHaveLength(1)
    await mend(scene)
    gate.open()
    await turn()
    await buffers.flushNow(true)
    expect(parts.collector.presented.map(({ header }) => [header.batchId, header.attempt])).toEqual([
      [parts.collector.presented[0]?.header.batchId, 1],
      [parts.collector.presented[0]?.header.batchId, 2],
    ])
    expect(readStreams(parts.collector.presented)).toEqual([['1 m1', '2 m2']])
    const { lines, delivery } = await readAll(parts)
    expect(lines).toEqual([])
    expect(delivery).toMatchObject({ recorded: 2, list: [] })
  })

  test('what was recorded from memory is counted, and not presented again', async () => {
    const scene = createScene()
    const { parts, buffers, track } = scene
    parts.disk.always = down
    await track('m1')
    await buffers.flushNow()
    await track('m2')
    parts.collector.answer = outage
    await mend(scene)
    expect((await readAll(parts)).delivery.recorded).toBe(1)
    parts.collector.answer = record
    await buffers.flushNow(true)
    expect(readStreams(parts.collector.presented)).toEqual([['1 m1', '2 m2']])
    expect((await readAll(parts)).delivery.recorded).toBe(2)
  })

  test('it may fail and work again as often as it likes', async () => {
    const scene = createScene()
    const { parts, buffers, track } = scene
    parts.collector.answer = outage
    const expected: string[] = []
    for (let round = 1; round <= 4; round++) {
      parts.disk.always = down
      expected.push(`m${round}`)
      await track(`m${round}`)
      await mend(scene)
      expected.push(`d${round}`)
      await track(`d${round}`)
    }
    parts.collector.answer = record
    await buffers.flushNow(true)
    await buffers.flushNow(true)
    const delivered = readStreams(
      parts.collector.presented.filter(({ header }) => parts.recorded.includes(header.batchId)),
    )
    expect(
      delivered
        .flat()
        .map((line) => line.split(' ')[1])
        .toSorted(),
    ).toEqual(expected.toSorted())
    const { state, delivery } = await readAll(parts)
    expect(state.appended).toEqual(delivery.forgotten)
  })

  test('a raw record that nobody could stamp ends no stream', async () => {
    const scene = createScene({ assumedConsent: () => 'pending' })
    const { parts, buffers, track } = scene
    parts.collector.answer = outage
    await buffers.permit(parts.now())
    await track('a')
    await putRaw(parts.disk, { operations: [tracked('raw')] })
    failOnce(parts)
    buffers.run()
    await turn()
    await mend(scene)
    await track('b')
    expect((await storedStreams(parts)).flat().toSorted()).toEqual(['1 a', '2 raw', '3 b'])
  })
})

test('what another tab has changed meanwhile is not changed back by what memory held of it', async () => {
  const scene = createScene()
  const { parts, buffers, track } = scene
  await buffers.submit(registered({ group: 'G1', plan: 'pro' }))
  await buffers.submit(identified('ada'))
  const other = createBuffers(newPage(parts))
  await other.submit(registered({ group: 'G2' }))
  await other.submit(identified('bob'))
  parts.disk.always = down
  await track('m')
  await buffers.submit({ kind: 'unregister', at: parts.now(), names: ['plan'] })
  await buffers.submit(registered({ seen: true }))
  await mend(scene)
  const { stream } = (await readAll(parts)).state
  expect([stream?.userId, stream?.values.registered]).toEqual(['bob', { group: 'G2', seen: true }])
})

describe('a reset in memory', () => {
  test('begins another person, who goes on in the store', async () => {
    const scene = createScene()
    const { parts, buffers, track } = scene
    parts.collector.answer = outage
    await buffers.submit(identified('ada'))
    parts.disk.always = down
    await track('m1')
    await buffers.submit(reset)
    await track('m2')
    await mend(scene)
    await track('b')
    const events = (await readAll(parts)).lines.map(parseLine)
    const userOf = (name: string) => events.find(({ event }) => event === name)
    expect(userOf('m1')?.userId).toBe('ada')
    expect(userOf('m2')?.userId).toBeUndefined()
    expect(userOf('b')).toMatchObject({ streamId: userOf('m2')?.streamId, seq: 2 })
    expect(userOf('b')?.anonymousId).not.toBe(userOf('m1')?.anonymousId)
  })

  test.each([
    ['another page', false],
    ['this page', true],
  ])('ends the span that %s has open in the store, once', async (_, isOwn) => {
    const scene = createScene()
    const { parts, buffers, track } = scene
    parts.collector.answer = outage
    await track('a')
    const other = createBuffers(newPage(parts))
    await (isOwn ? buffers : other).submit(spanCall('start'))
    parts.disk.always = down
    await buffers.submit(reset)
    await track('m')
    await mend(scene)
    const events = (await readAll(parts)).lines.map(parseLine)
    expect(events.flatMap(({ event, span }) => (span ? [[event, span.outcome]] : []))).toEqual([
      ['Checkout', 'abandoned'],
    ])
    const streamOf = (name: string) => events.find(({ event }) => event === name)?.streamId
    expect(streamOf('m')).not.toBe(streamOf('Checkout'))
    expect((await readAll(parts)).state.stream).toMatchObject({ streamId: streamOf('m') })
  })

  test('is not forgotten when the store fails again at once', async () => {
    const scene = createScene()
    const { parts, buffers, track } = scene
    parts.collector.answer = outage
    await buffers.submit(identified('ada'))
    parts.disk.always = down
    await buffers.submit(reset)
    await track('m1')
    await mend(scene)
    parts.disk.always = down
    await track('m2')
    await mend(scene)
    const events = (await readAll(parts)).lines.map(parseLine)
    expect(events.filter(({ event }) => event?.startsWith('m')).map(({ userId }) => userId)).toEqual([
      undefined,
      undefined,
    ])
  })
})

test('while nothing may be stored, memory is not taken into the store', async () => {
  const scene = createScene()
  const { parts, buffers, track } = scene
  parts.disk.always = down
  await track('m')
  parts.collector.answer = outage
  buffers.halt()
  parts.disk.always = undefined
  await parts.clock.pass(RETRY)
  await turn()
  expect(await storedStreams(parts)).toEqual([])
  buffers.run()
  await turn()
  expect(await storedStreams(parts)).toEqual([['1 m']])
})

describe('forgotten', () => {
  test('while in memory: nothing of it is left, nor comes into the store', async () => {
    const scene = createScene()
    const { parts, buffers, track } = scene
    parts.collector.answer = outage
    await track('a')
    const before = (await readAll(parts)).state.stream?.anonymousId
    failOnce(parts)
    await track('m')
    expect(buffers.current()[0].mode).toBe('memory')
    await parts.clock.pass(1)
    await buffers.forget(parts.now())
    expect(buffers.current()[0].mode).toBe('durable')
    expect(parts.lost).toEqual([])
    expect(await storedStreams(parts)).toEqual([])
    await parts.clock.pass(RETRY)
    await buffers.submit(tracked('b', { at: parts.now() }))
    const [line] = (await readAll(parts)).lines.map(parseLine)
    expect(line).toMatchObject({ event: 'b', seq: 1 })
    expect(line?.anonymousId).not.toBe(before)
    parts.collector.answer = record
    await buffers.flushNow(true)
    expect(parts.collector.events().slice(-1)).toEqual(['b'])
  })

  test('while the store fails: who comes after is somebody else', async () => {
    const scene = createScene()
    const { parts, buffers, track } = scene
    parts.collector.answer = outage
    await buffers.submit(identified('ada'))
    await buffers.submit(registered({ email: 'ada@example.org' }))
    const before = (await readAll(parts)).state.stream?.anonymousId
    parts.disk.always = down
    await track('m')
    await parts.clock.pass(1)
    await expect(buffers.forget(parts.now())).rejects.toThrow(down.message)
    await buffers.submit(tracked('n', { at: parts.now() }))
    parts.collector.answer = record
    await buffers.flushNow(true)
    const n = parts.collector.presented
      .flatMap(({ rest }) => rest.trimEnd().split('\n').map(parseLine))
      .find(({ event }) => event === 'n')
    expect(n).toMatchObject({ seq: 1, state: { registered: {} } })
    expect(n?.userId).toBeUndefined()
    expect(n?.anonymousId).not.toBe(before)
  })

  test('by another tab while this one is in memory: nothing comes back with it', async () => {
    const scene = createScene()
    const { parts, buffers, track } = scene
    parts.collector.answer = outage
    await track('a')
    failOnce(parts)
    await track('m')
    parts.clock.set(parts.clock.now() + 1_000)
    await createBuffer({ ...parts, store: parts.disk }).forget(parts.now())
    await mend(scene)
    expect(await storedStreams(parts)).toEqual([])
    await buffers.submit(tracked('b', { at: parts.clock.now() }))
    expect(await storedStreams(parts)).toEqual([['1 b']])
    // What this page could not know of goes with it, and is told and counted.
    expect(parts.lost).toEqual([{ reason: 'forgotten' }])
    expect((await readAll(parts)).state.dropped).toBe(1)
  })

  test('with what was tracked later in the same memory: that is told and counted', async () => {
    const { parts, buffers, track } = createScene()
    parts.disk.always = down
    await track('before')
    await parts.clock.pass(1_000)
    await buffers.submit(tracked('after', { at: parts.now() }))
    await parts.clock.pass(1_000)
    await expect(buffers.forget(parts.now(), undefined, parts.now() - 1_000)).rejects.toThrow(down.message)
    await turn()
    expect(parts.lost).toEqual([{ reason: 'forgotten' }])
    expect(buffers.current()[0].refused()).toBe(1)
  })

  test('at last, when it had failed: what memory has begun to keep since is adopted, and not before', async () => {
    let owedAt: number | undefined
    const scene = createScene({ owes: () => owedAt })
    const { parts, buffers, track } = scene
    parts.collector.answer = outage
    await track('before')
    await parts.clock.pass(1_000)
    const at = parts.now()
    parts.disk.always = down
    await expect(buffers.forget(at)).rejects.toThrow(down.message)
    await buffers.submit(tracked('after', { at }))
    owedAt = at
    parts.disk.always = undefined
    await parts.clock.pass(RETRY)
    expect(buffers.current()[0].mode).toBe('memory')
    await buffers.forget(at)
    owedAt = undefined
    await mend(scene)
    expect(await storedStreams(parts)).toEqual([['1 after']])
    expect(parts.lost).toEqual([])
  })

  test('by another tab of which this one hears in time: memory begins anew, as somebody else', async () => {
    const scene = createScene()
    const { parts, buffers, track } = scene
    parts.collector.answer = outage
    await track('a')
    const before = (await readAll(parts)).state.stream?.anonymousId
    failOnce(parts)
    await track('before')
    parts.disk.always = down
    await parts.clock.pass(1_000)
    const at = parts.now()
    buffers.forgetMemory(at)
    await buffers.submit(tracked('after', { at }))
    parts.disk.always = undefined
    await createBuffer({ ...parts, store: parts.disk }).forget(at)
    await mend(scene)
    expect(await storedStreams(parts)).toEqual([['1 after']])
    expect(parseLine((await readAll(parts)).lines[0] ?? '').anonymousId).not.toBe(before)
    expect(parts.lost).toEqual([])
  })

  test('in the middle of an adoption: nothing of it comes back', async () => {
    const { parts, buffers, track } = createScene()
    parts.collector.answer = outage
    await track('a')
    failOnce(parts)
    await track('m')
    parts.clock.set(parts.clock.now() + 1_000)
    buffers.run()
    await buffers.forget(parts.now())
    await turn()
    await parts.clock.pass(RETRY)
    expect(await storedStreams(parts)).toEqual([])
  })

  test('for a decision: what was denied elsewhere is not adopted', async () => {
    const { parts, buffers, track } = createScene()
    await track('a')
    failOnce(parts)
    await track('m')
    await createBuffer({ ...parts, store: parts.disk }).forget(parts.now(), 'denied')
    buffers.run()
    await turn()
    expect(buffers.current()[0].mode).toBe('durable')
    expect(await storedStreams(parts)).toEqual([])
    const { length } = parts.collector.presented
    await parts.clock.pass(RETRY)
    expect(parts.collector.presented).toHaveLength(length)
    await track('b')
    expect(parts.refused).toContain('denied')
  })
})

describe('leaving', () => {
  test('in the middle of an adoption: what waits for its end is journalled, and adopted is what a page that runs again still has', async () => {
    const { parts, buffers, track } = createScene()
    parts.collector.answer = outage
    parts.disk.always = down
    await track('m')
    parts.disk.always = undefined
    const gate = createGate()
    parts.disk.beforeCommit = () => gate.opened
    buffers.run()
    await turn()
    buffers.submit(tracked('x'))
    await turn()
    buffers.leave()
    await turn()
    gate.open()
    await turn()
    const { raw, lines } = await readAll(parts)
    const waiting = raw.flatMap((of) => (of as { operations: unknown[] }).operations)
    expect([lines, waiting]).toEqual([[], [tracked('x')]])
    buffers.run()
    await turn()
    expect((await storedStreams(parts)).flat().toSorted()).toEqual(['1 m', '1 x'])
  })

  test('with events in memory and running again: nothing is doubled', async () => {
    const scene = createScene()
    const { parts, buffers, track } = scene
    parts.collector.answer = outage
    parts.disk.always = down
    await track('m1')
    buffers.leave()
    await track('m2')
    buffers.run()
    await mend(scene)
    expect((await storedStreams(parts)).flat()).toEqual(['1 m1', '2 m2'])
  })
})

test('what a newer release has stored is not touched: events stay in memory when even the raw journal fails', async () => {
  const { parts, buffers, track } = createScene()
  parts.collector.answer = outage
  const newer = { format: 2, colour: 'blue' } as unknown as BufferState
  await parts.store.transact(async ({ put }) => put(STATE, newer)).done
  const other = createBuffers(newPage(parts))
  // What is stored can be read, and nothing can be added.
  parts.disk.failures.push(undefined, down, down, down)
  expect(await other.submit(tracked('a'))).toEqual({ status: 'memory', seq: 1 })
  other.run()
  await parts.clock.pass(RETRY)
  expect(other.current()[0].mode).toBe('memory')
  expect(await track('b')).toEqual([['durable', undefined]])
  await expect(buffers.permit(parts.now())).rejects.toThrow('newer')
  expect((await readAll(parts)).state).toEqual(newer)
})
