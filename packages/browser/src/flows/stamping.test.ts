import { describe, expect, test } from 'vitest'
import { type Carried, createTab, identified, parseLine, registered, reset, tracked } from '../../test/operations.ts'
import {
  createConductor,
  createDisk,
  createGate,
  createMemoryWords,
  createParts,
  newPage,
  type Parts,
  putRaw,
  readAll,
  turn,
} from '../../test/parts.ts'
import type { Operation } from '../core/operation.ts'
import { MARK, markRange, RAW, STATE } from '../core/records.ts'
import type { Store } from '../core/store.ts'
import { DAY } from '../core/timestamp.ts'
import { createMemoryStore } from '../edges/memory-store.ts'
import { createBuffer } from './buffer.ts'
import { createRetryingStore } from './retrying-store.ts'
import { createStamper, type Stamper, type Waiting } from './stamping.ts'

const submitAll = (stamper: Stamper, ...operations: Operation[]) =>
  Promise.all(operations.map((operation) => stamper.submit(operation)))

/** The page runs, and stamps what is in the raw journal. */
const run = (stamper: Stamper) => {
  stamper.resume()
  return turn()
}

const storedEvents = async (parts: Parts) =>
  (await readAll(parts)).lines.map((text) => {
    const { event, seq } = parseLine(text)
    return [event, seq]
  })

test('a call resolves once its event is in the store, with its number', async () => {
  const parts = createParts()
  const stamper = createStamper(parts)
  expect(await stamper.submit(tracked('a'))).toEqual({ status: 'durable', seq: 1 })
  expect(await storedEvents(parts)).toEqual([['a', 1]])
  expect(parts.stored).toEqual([1])
})

test('a call that is no event has no number', async () => {
  const stamper = createStamper(createParts())
  expect(await stamper.submit(registered({ plan: 'pro' }))).toEqual({ status: 'durable' })
})

test('calls of one burst share a transaction and keep their order', async () => {
  const parts = createParts()
  const results = await submitAll(createStamper(parts), tracked('a'), identified('u'), tracked('c'))
  expect(results.map((result) => 'seq' in result && result.seq)).toEqual([1, 2, 3])
  expect(parts.stored).toEqual([3])
})

test('a burst too large for one frame is written in several transactions, in order', async () => {
  const parts = createParts()
  const names = Array.from({ length: 450 }, (_, index) => `e${index + 1}`)
  const results = await submitAll(createStamper(parts), ...names.map((name) => tracked(name)))
  expect(results.map((result) => 'seq' in result && result.seq)).toEqual(names.map((_, index) => index + 1))
  expect(await storedEvents(parts)).toEqual(names.map((name, index) => [name, index + 1]))
  expect(parts.stored.length).toBeGreaterThan(1)
})

test('two pages on one store number their events in one sequence', async () => {
  const parts = createParts()
  const [one, other] = [createStamper(parts), createStamper(newPage(parts))]
  const names = Array.from({ length: 20 }, (_, index) => `e${index}`)
  await Promise.all(names.map((name, index) => (index % 2 ? one : other).submit(tracked(name))))
  expect((await storedEvents(parts)).map(([, seq]) => seq)).toEqual(names.map((_, index) => index + 1))
})

test('what was refused at the call is counted once, on the events that follow', async () => {
  const parts = createParts()
  const stamper = createStamper(parts)
  expect(await stamper.submit('too_deep')).toEqual({ status: 'dropped', reason: 'too_deep' })
  await stamper.submit('not_an_object')
  await stamper.submit(tracked('a'))
  await stamper.submit(tracked('b'))
  const { lines, state } = await readAll(parts)
  expect(lines.map((line) => parseLine(line).state.buffer.dropped)).toEqual([2, 2])
  expect(state.dropped).toBe(2)
})

test('registered properties that do not fit are refused with their reason', async () => {
  const stamper = createStamper(createParts())
  const result = await stamper.submit(registered({ text: 'x'.repeat(7_000) }))
  expect(result).toEqual({ status: 'dropped', reason: 'state_too_large' })
})

test('what waits is settled when it is stored', async () => {
  const parts = createParts()
  const stamper = createStamper(parts)
  for (let index = 0; index < 450; index++) stamper.submit(tracked('a'))
  await stamper.settled()
  expect(parts.stored.reduce((sum, lines) => sum + lines)).toBe(450)
  await stamper.settled()
})

test('what a page hands over while it is left is journalled, and stamped once by whoever comes next', async () => {
  const parts = createParts()
  const leaving = createStamper(parts)
  await leaving.submit(tracked('a'))
  const pending = [leaving.submit(tracked('b')), leaving.submit(tracked('c'))]
  leaving.leave()
  leaving.leave()
  pending.push(leaving.submit(tracked('d')))
  expect(await Promise.all(pending)).toEqual([{ status: 'durable' }, { status: 'durable' }, { status: 'durable' }])
  expect(await storedEvents(parts)).toEqual([['a', 1]])

  const next = createStamper(newPage(parts))
  await Promise.all([run(next), run(leaving)])
  await next.submit(tracked('e'))
  await leaving.submit(tracked('f'))
  const { lines, raw } = await readAll(parts)
  expect(lines.map((line) => parseLine(line).event)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  expect(lines.map((line) => parseLine(line).seq)).toEqual([1, 2, 3, 4, 5, 6])
  expect(new Set(lines.map((line) => parseLine(line).streamId)).size).toBe(1)
  expect(raw).toEqual([])
})

test('what was journalled is stamped before what is new', async () => {
  const parts = createParts()
  const leaving = createStamper(parts)
  leaving.leave()
  await submitAll(leaving, tracked('a'), registered({ plan: 'pro' }), tracked('b'))
  const next = createStamper(newPage(parts))
  next.resume()
  expect(await next.submit(tracked('c'))).toEqual({ status: 'durable', seq: 3 })
  const { lines } = await readAll(parts)
  expect(lines.map((line) => [parseLine(line).event, parseLine(line).state.registered])).toEqual([
    ['a', {}],
    ['b', { plan: 'pro' }],
    ['c', { plan: 'pro' }],
  ])
})

test('a page that is left after another has reset the person links the two with no event', async () => {
  const parts = createParts()
  const [leaving, other] = [createStamper(parts), createStamper(newPage(parts))]
  await submitAll(leaving, identified('ada'), tracked('a'))
  await submitAll(other, reset, identified('bob'))
  leaving.leave()
  await leaving.submit(tracked('late', { anonymousId: leaving.stream()?.anonymousId }))
  await run(other)
  await other.submit(tracked('b'))
  const { lines, state } = await readAll(parts)
  const byStream = Map.groupBy(lines.map(parseLine), ({ streamId }) => streamId)
  const users = [...byStream.values()].map((events) => [...new Set(events.map(({ userId }) => userId))])
  expect(users.every((one) => one.length === 1)).toBe(true)
  expect(lines.map(parseLine).find(({ event }) => event === 'late')).toMatchObject({ userId: 'ada', seq: 1 })
  expect(state.stream?.userId).toBe('bob')
})

test('what a newer release has stored is left alone, and the events wait in the raw journal', async () => {
  const parts = createParts()
  const newer = { format: 2, colour: 'blue' }
  await parts.store.transact(async ({ put }) => put(STATE, newer)).done
  const stamper = createStamper(parts)
  expect(await submitAll(stamper, tracked('a'), tracked('b'))).toEqual([{ status: 'durable' }, { status: 'durable' }])
  await run(stamper)
  const { state, lines, raw } = await readAll(parts)
  expect(state).toEqual(newer)
  expect(lines).toEqual([])
  expect(raw).toEqual([{ tab: parts.tab, run: expect.any(Number), operations: [tracked('a'), tracked('b')] }])
  expect(parts.stored).toEqual([])
})

test('a transaction that fails hands its events back with the reason, and the next one works', async () => {
  const disk = createDisk()
  const parts = createParts({ store: disk })
  const full = new Error('QuotaExceededError')
  disk.failures.push(full)
  const handed: string[] = []
  const stamper = createStamper({
    ...parts,
    onHindered(waiting, hindrance) {
      for (const { operation, resolve } of waiting) {
        if (operation.kind === 'event') handed.push(JSON.parse(operation.text).event)
        resolve({ status: 'dropped', reason: 'internal' })
      }
      parts.hindrances.push(hindrance)
    },
  })
  await submitAll(stamper, tracked('a'), tracked('b'))
  expect(handed).toEqual(['a', 'b'])
  expect(parts.hindrances).toEqual([{ error: full }])
  expect(await stamper.submit(tracked('c'))).toEqual({ status: 'durable', seq: 1 })
})

test.each<[what: string, record: unknown]>([
  ['that is damaged', 7],
  ['without operations', {}],
  ['with an operation of a release to come', { operations: [{ kind: 'colour', at: 0 }] }],
  [
    'with a call to a span of a release to come',
    { operations: [{ kind: 'span', at: 0, call: 'pause', name: 'a', id: 'a', ran: 0 }] },
  ],
  [
    'with a damaged call to a span',
    { operations: [{ kind: 'span', at: 0, call: 'start', name: 'a', id: 'a', ran: null }] },
  ],
  ['with an event that is no JSON', { operations: [{ ...tracked('a'), text: '{"type":' }] }],
])('a raw record %s stops no event that comes after it', async (_what, record) => {
  const parts = createParts()
  await putRaw(parts.store, record)
  const stamper = createStamper(parts)
  stamper.resume()
  expect(await stamper.submit(tracked('a'))).toMatchObject({ status: 'durable', seq: expect.any(Number) })
  expect((await readAll(parts)).raw).toEqual([])
})

test('the health of the buffer rides on each event', async () => {
  const parts = createParts()
  const stamper = createStamper(parts)
  await stamper.submit(tracked('a'))
  await stamper.submit(tracked('b'))
  await turn()
  const { lines } = await readAll(parts)
  const health: Carried['buffer'][] = lines.map((line) => parseLine(line).state.buffer)
  expect(health.map(({ pending }) => pending)).toEqual([0, 1])
})

describe('without consent', () => {
  test.each(['denied', 'pending'] as const)(
    'that is %s, as the transaction finds, calls are handed back',
    async (consent) => {
      const parts = createParts({ assumedConsent: () => consent })
      const stamper = createStamper(parts)
      await submitAll(stamper, tracked('a'), tracked('b'), registered({ plan: 'pro' }))
      expect(parts.hindrances).toEqual([{ consent }])
      expect(await readAll(parts)).toMatchObject({ state: undefined, lines: [], raw: [] })
    },
  )

  test('a burst too large for one transaction is handed back at once, in order', async () => {
    const handed: unknown[] = []
    const parts = createParts({
      assumedConsent: () => 'pending',
      onHindered(waiting) {
        for (const { operation, resolve } of waiting) {
          handed.push(operation)
          resolve({ status: 'memory' })
        }
      },
    })
    const operations = Array.from({ length: 450 }, (_, index) => tracked(`e${index}`))
    await submitAll(createStamper(parts), ...operations)
    expect(handed).toEqual(operations)
  })

  const withRaw = async (consent: 'denied' | 'pending') => {
    const parts = createParts()
    const leaving = createStamper(parts)
    leaving.leave()
    await leaving.submit(tracked('raw'))
    await run(createStamper({ ...newPage(parts), assumedConsent: () => consent }))
    return parts
  }

  test('that is denied, what pages left behind is thrown away', async () => {
    expect(await readAll(await withRaw('denied'))).toMatchObject({ lines: [], raw: [] })
  })

  test('that is pending, it waits', async () => {
    const parts = await withRaw('pending')
    expect(await readAll(parts)).toMatchObject({ lines: [], raw: [{ operations: [tracked('raw')] }] })
    await run(createStamper(newPage(parts)))
    expect(await storedEvents(parts)).toEqual([['raw', 1]])
  })

  test('that was granted by the visitor, what is assumed does not count', async () => {
    const parts = createParts()
    await createBuffer(parts).permit(parts.now())
    await createStamper({ ...parts, assumedConsent: () => 'denied' }).submit(tracked('a'))
    expect(await storedEvents(parts)).toEqual([['a', 1]])
  })
})

describe('a buffer that is emptied while a page drains the raw journal', () => {
  test.each([0, 1, 2, 3])('after its step %i gets nothing of it', async (steps) => {
    const memory = createMemoryStore()
    const parts = createParts({ store: createDisk(memory) })
    await createStamper(parts).submit(identified('ada'))
    const leaving = createStamper(newPage(parts))
    leaving.leave()
    await leaving.submit(tracked('raw'))
    const before = await readAll(parts)
    const conductor = createConductor()
    const draining = createStamper({ ...newPage(parts), store: conductor.connect(memory, 'A') })
    draining.resume()
    await turn()
    for (let step = 0; step < steps; step++) await conductor.step('A')
    parts.clock.set(parts.clock.now() + 1_000)
    const emptied = createBuffer(newPage(parts)).forget(parts.now())
    await turn()
    await conductor.free()
    await emptied
    await turn()
    const { lines, raw, state } = await readAll(parts)
    expect([lines, raw]).toEqual([[], []])
    expect(state.stream?.anonymousId).not.toBe(before.state.stream?.anonymousId)
  })
})

test('what a page hands over after it was emptied elsewhere leads nobody back', async () => {
  const parts = createParts()
  const unaware = createStamper(parts)
  await unaware.submit(identified('ada'))
  const before = (await readAll(parts)).state.stream
  parts.clock.set(parts.clock.now() + 1_000)
  await createBuffer(newPage(parts)).forget(parts.now())
  unaware.leave()
  await unaware.submit(tracked('late', { at: parts.clock.now() + 1 }))
  parts.clock.set(parts.clock.now() + 1_000)
  await run(createStamper(newPage(parts)))
  const [line] = (await readAll(parts)).lines.map(parseLine)
  expect(line?.event).toBe('late')
  expect(line?.userId).toBeUndefined()
  expect(line?.anonymousId).not.toBe(before?.anonymousId)
})

test('a page that has not heard of another person goes on as that one, all the same', async () => {
  const parts = createParts()
  const [unaware, other] = [createStamper(parts), createStamper(newPage(parts))]
  await unaware.submit(identified('ada'))
  await submitAll(other, reset, identified('bob'))
  await unaware.submit(tracked('a'))
  await unaware.submit(tracked('b'))
  const events = (await readAll(parts)).lines.map(parseLine)
  expect(events.map(({ userId, seq }) => [userId, seq])).toEqual([
    ['ada', 1],
    ['bob', 1],
    ['bob', 2],
    ['bob', 3],
  ])
})

describe('last words', () => {
  /** A page that is left with an event of which each step is taken by hand. */
  const leaveAt = async (steps: number, lastWords = createMemoryWords(), options: Partial<Parts> = {}) => {
    const memory = createMemoryStore()
    const conductor = createConductor()
    const shared = createParts({ store: createDisk(memory), lastWords })
    const parts = { ...shared, ...options, store: conductor.connect(memory, 'A') }
    const stamper = createStamper(parts)
    const result = stamper.submit(tracked('a'))
    await turn()
    for (let step = 0; step < steps; step++) await conductor.step('A')
    stamper.leave()
    return { shared, parts, conductor, stamper, result }
  }
  const steps: [when: string, steps: number][] = [
    ['waits for its turn', 0],
    ['is committing', 1],
    ['is in the store, and the page has not heard of it', 2],
  ]

  test.each(steps)('hold what %s when the page is left, whether or not the store gets it', async (_when, taken) => {
    for (const end of ['lost', 'kept'] as const) {
      const { shared, conductor } = await leaveAt(taken)
      expect(shared.lastWords.read()).toHaveLength(1)
      if (end === 'lost') conductor.kill('A')
      else await conductor.free()
      await run(createStamper(newPage(shared)))
      expect([end, await storedEvents(shared)]).toEqual([end, [['a', 1]]])
      expect(shared.lastWords.read()).toEqual([])
    }
  })

  test.each(steps)('that can’t be written leave what %s to the store', async (_when, taken) => {
    const mute = { write: () => false, read: () => [], remove() {} }
    const { shared, conductor, result } = await leaveAt(taken, mute)
    await conductor.free()
    expect(await result).toMatchObject({ status: 'durable' })
    await run(createStamper(newPage(shared)))
    expect(await storedEvents(shared)).toEqual([['a', 1]])
  })

  test('are said before anything else is done: the engine may stop the page’s script in the middle', async () => {
    const parts = createParts()
    const stopped = new Error('The script is stopped.')
    const abort = () => {
      throw stopped
    }
    const { store } = parts
    const transact: Store['transact'] = (...args) => ({ ...store.transact(...args), abort })
    const leaving = createStamper({ ...parts, store: { ...store, transact } })
    leaving.submit(tracked('a'))
    leaving.submit(tracked('b'))
    await Promise.resolve()
    expect(() => leaving.leave()).toThrow(stopped)
    expect(parts.lastWords.read()).toHaveLength(1)
  })

  test('are said once, however often the page is left', async () => {
    for (const [, taken] of steps) {
      const { shared, stamper } = await leaveAt(taken)
      stamper.submit(tracked('b'))
      stamper.leave()
      stamper.leave()
      expect(shared.lastWords.read()).toHaveLength(2)
    }
  })

  test('are said by a page that runs only when it is left', async () => {
    const parts = createParts()
    const stamper = createStamper(parts)
    await parts.store.transact(async ({ put }) => put(STATE, { format: 2 })).done
    await stamper.submit(tracked('a'))
    expect(parts.lastWords.read()).toEqual([])
    expect((await readAll(parts)).raw).toHaveLength(1)
  })

  test('that come again after they were stamped and removed are not stamped again', async () => {
    const { shared, conductor } = await leaveAt(1)
    const said = shared.lastWords.read()
    await conductor.free()
    for (let time = 0; time < 3; time++) {
      await run(createStamper(newPage(shared)))
      expect(await storedEvents(shared)).toEqual([['a', 1]])
      for (const [id, text] of said) shared.lastWords.write(id, text)
    }
  })

  test('that nobody can read stop nothing, and are taken away', async () => {
    const parts = createParts()
    for (const [index, text] of ['', '{"tab":', 'null', '7', '[]'].entries()) parts.lastWords.write(`${index}`, text)
    const stamper = createStamper(parts)
    stamper.resume()
    expect(await stamper.submit(tracked('a'))).toEqual({ status: 'durable', seq: 1 })
    expect(parts.lastWords.read()).toEqual([])
  })

  test.each(steps)(
    'of what %s while something is to be forgotten first are not handed over besides',
    async (_when, taken) => {
      const held: Waiting[] = []
      const { shared, conductor, result } = await leaveAt(taken, undefined, {
        owes: () => 0,
        onOwed: (waiting) => held.push(...waiting),
      })
      await conductor.free()
      expect(await result).not.toMatchObject({ status: 'dropped' })
      expect(held).toEqual([])
      await run(createStamper(newPage(shared)))
      expect(await storedEvents(shared)).toEqual([['a', 1]])
    },
  )

  test.each(steps)('of what %s while the store knows no grant are not handed over besides', async (_when, taken) => {
    const options = { assumedConsent: () => 'pending' as const }
    const { shared, conductor, result } = await leaveAt(taken, undefined, options)
    await conductor.free()
    expect(await result).not.toMatchObject({ status: 'dropped' })
    expect(shared.hindrances).toEqual([])
    await run(createStamper(newPage(shared)))
    expect(await storedEvents(shared)).toEqual([['a', 1]])
  })

  test('stay where nobody may stamp them yet', async () => {
    const { shared, conductor } = await leaveAt(0)
    conductor.kill('A')
    await run(createStamper({ ...newPage(shared), assumedConsent: () => 'pending' }))
    expect(shared.lastWords.read()).toHaveLength(1)
    await run(createStamper({ ...newPage(shared), assumedConsent: () => 'denied' }))
    expect(shared.lastWords.read()).toEqual([])
  })
})

describe('the order of one page and of those before it', () => {
  test('holds though the first transaction fails', async () => {
    const disk = createDisk()
    const parts = createParts({ store: disk })
    const earlier = createStamper(parts)
    earlier.leave()
    await earlier.submit(tracked('a'))
    disk.failures.push(new Error('full'))
    const stamper = createStamper(newPage(parts))
    await run(stamper)
    await stamper.submit(tracked('b'))
    expect(await storedEvents(parts)).toEqual([
      ['a', 1],
      ['b', 2],
    ])
  })

  test('holds for a page that comes back though its first transaction fails: nothing of its own is taken for stamped', async () => {
    const disk = createDisk()
    const parts = createParts({ store: disk })
    const stamper = createStamper(parts)
    await stamper.submit(tracked('a'))
    stamper.leave()
    await stamper.submit(tracked('b'))
    disk.failures.push(new Error('full'))
    await run(stamper)
    await stamper.submit(tracked('c'))
    expect(await storedEvents(parts)).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ])
  })

  test('holds for a burst that follows at once', async () => {
    const parts = createParts()
    const earlier = createStamper(parts)
    earlier.leave()
    await earlier.submit(tracked('a'))
    const stamper = createStamper(newPage(parts))
    stamper.resume()
    const names = Array.from({ length: 450 }, (_, index) => `e${index}`)
    await submitAll(stamper, ...names.map((name) => tracked(name)))
    expect((await storedEvents(parts)).map(([event]) => event)).toEqual(['a', ...names])
  })
})

describe('a transaction that is begun again after the page’s next one', () => {
  /** Its connection was closed, and it waits for another, while what came after it is stored already. */
  async function createScene() {
    const disk = createDisk()
    const parts = createParts({ store: createRetryingStore(disk) })
    const stamper = createStamper(parts)
    const gate = createGate()
    disk.failures.push(new Error('closed'))
    let begun = 0
    disk.beforeBegin = () => (++begun === 2 ? gate.opened : undefined)
    const first = stamper.submit(tracked('a'))
    await turn()
    await stamper.submit(tracked('b'))
    return { disk, parts, stamper, gate, first }
  }

  test('is stored once', async () => {
    const { parts, gate, first } = await createScene()
    gate.open()
    expect(await first).toEqual({ status: 'durable', seq: 2 })
    await run(createStamper(newPage(parts)))
    expect((await storedEvents(parts)).map(([event]) => event)).toEqual(['b', 'a'])
  })

  test('is stored once, too, when the page is left before it gets on', async () => {
    const { parts, stamper, gate } = await createScene()
    stamper.leave()
    gate.open()
    await run(createStamper(newPage(parts)))
    expect((await storedEvents(parts)).map(([event]) => event)).toEqual(['b', 'a'])
  })

  test('is stored once, too, when the page is left while it commits, and that is lost', async () => {
    const { disk, parts, stamper, gate } = await createScene()
    const end = createGate()
    disk.beforeCommit = () => end.opened.then(() => Promise.reject(new Error('lost')))
    gate.open()
    await turn()
    stamper.leave()
    end.open()
    await turn()
    disk.beforeCommit = () => {}
    await run(createStamper(newPage(parts)))
    expect((await storedEvents(parts)).map(([event]) => event)).toEqual(['b', 'a'])
  })

  test('lowers no mark', async () => {
    const { parts, stamper, gate, first } = await createScene()
    gate.open()
    await first
    stamper.leave()
    await stamper.submit(tracked('c'))
    const said = parts.lastWords.read()
    await run(createStamper(newPage(parts)))
    for (const [id, text] of said) parts.lastWords.write(id, text)
    await run(createStamper(newPage(parts)))
    expect((await storedEvents(parts)).map(([event]) => event)).toEqual(['b', 'a', 'c'])
  })
})

describe('a raw record that is written again', () => {
  test('after the page has stamped it from its last words is not stamped again, though the page is left meanwhile', async () => {
    const disk = createDisk()
    const parts = createParts({ store: createRetryingStore(disk) })
    const stamper = createStamper(parts)
    await stamper.submit(tracked('a'))
    const gate = createGate()
    disk.failures.push(new Error('closed'))
    let begun = 0
    disk.beforeBegin = () => (++begun === 2 ? gate.opened : undefined)
    stamper.leave()
    stamper.submit(tracked('b'))
    await turn()
    await run(stamper)
    expect(await storedEvents(parts)).toHaveLength(2)
    stamper.leave()
    gate.open()
    await run(createStamper(newPage(parts)))
    expect((await storedEvents(parts)).map(([event]) => event)).toEqual(['a', 'b'])
  })

  test('under no last words is stamped, though what came after it is stamped already', async () => {
    const mute = { write: () => false, read: () => [], remove() {} }
    const memory = createMemoryStore()
    const shared = createParts({ store: createDisk(memory), lastWords: mute })
    const disk = createDisk(memory)
    const leaving = createStamper({ ...shared, store: createRetryingStore(disk) })
    const gate = createGate()
    disk.failures.push(new Error('full'))
    disk.beforeBegin = () => (disk.begun === 3 ? gate.opened : undefined)
    leaving.leave()
    leaving.submit(tracked('a'))
    await leaving.submit(tracked('b'))
    await run(createStamper(newPage(shared)))
    expect((await storedEvents(shared)).map(([event]) => event)).toEqual(['b'])
    gate.open()
    await turn()
    await run(createStamper(newPage(shared)))
    expect((await storedEvents(shared)).map(([event]) => event)).toEqual(['b', 'a'])
  })
})

test('after an event that can’t be said nothing is said: read sooner than the store, it would pass for the only one', async () => {
  const said = createMemoryWords()
  const small = { ...said, write: (id: string, text: string) => text.length < 1_000 && said.write(id, text) }
  const memory = createMemoryStore()
  const conductor = createConductor()
  const shared = createParts({ store: createDisk(memory), lastWords: small })
  const leaving = createStamper({ ...shared, store: conductor.connect(memory, 'A') })
  leaving.leave()
  leaving.submit(tracked('a'))
  leaving.submit(tracked('large', { properties: { text: 'x'.repeat(2_000) } }))
  leaving.submit(tracked('c'))
  await run(createStamper(newPage(shared)))
  await conductor.free()
  await run(createStamper(newPage(shared)))
  expect((await storedEvents(shared)).map(([event]) => event)).toEqual(['a', 'large', 'c'])
  // When all is stored, there may be room again.
  await run(leaving)
  leaving.leave()
  leaving.submit(tracked('d'))
  expect(said.read()).toHaveLength(1)
})

test('last words are read when the store is: what lies there may have been left after them', async () => {
  const memory = createMemoryStore()
  const conductor = createConductor()
  const shared = createParts({ store: createDisk(memory) })
  const draining = createStamper({ ...newPage(shared), store: conductor.connect(memory, 'B') })
  draining.resume()
  const leaving = createStamper({ ...shared, store: conductor.connect(memory, 'A') })
  leaving.submit(tracked('a'))
  await turn()
  await conductor.step('A')
  leaving.leave()
  leaving.submit(tracked('b'))
  // What is committing fails; what was left after it is in the store before the other page’s turn has come.
  await conductor.fail('A', new Error('closed'))
  await shared.store.transact(async ({ put }) => {
    for (const [id, text] of shared.lastWords.read().slice(1)) put(RAW + id, JSON.parse(text))
  }).done
  await conductor.free()
  await run(createStamper(newPage(shared)))
  expect((await storedEvents(shared)).map(([event]) => event)).toEqual(['a', 'b'])
})

test('raw records keep their order though the clock was set back between them, or none is lost at least', async () => {
  const parts = createParts()
  const leaving = createStamper(parts)
  leaving.leave()
  await leaving.submit(tracked('a'))
  parts.clock.set(parts.clock.now() - 1_000)
  await leaving.submit(tracked('b'))
  await run(createStamper(newPage(parts)))
  expect((await storedEvents(parts)).map(([event]) => event).toSorted()).toEqual(['a', 'b'])
})

test('a page that has left a reset behind knows nobody until that is stamped, by whomever', async () => {
  for (const byAnother of [false, true]) {
    const parts = createParts()
    const page = createStamper(parts)
    await page.submit(tracked('a'))
    const former = page.stream()
    page.leave()
    await page.submit(reset)
    page.know(former)
    expect([page.isParting(), page.stream()]).toEqual([true, undefined])
    if (byAnother) await run(createStamper(newPage(parts)))
    await run(page)
    expect(page.isParting()).toBe(false)
    expect(page.stream()?.anonymousId).toBe((await readAll(parts)).state.stream?.anonymousId)
    expect(page.stream()?.anonymousId).not.toBe(former?.anonymousId)
  }
})

describe('marks', () => {
  const readMarks = async (parts: Parts) =>
    (await parts.store.transact(({ getAll }) => getAll(markRange)).done)
      .map(([key]) => String(key).slice(MARK.length))
      .filter((tab) => !tab.startsWith('other'))

  /** A page of a day ago, and what it has left behind; many others were there since. */
  async function createScene(others = 50) {
    const parts = createParts()
    await parts.store.transact(async ({ put }) => {
      for (let other = 0; other < others; other++) put(`${MARK}other${other}`, { run: 1, at: Number.MAX_SAFE_INTEGER })
    }).done
    const leaving = createStamper(parts)
    await leaving.submit(tracked('a'))
    leaving.leave()
    await leaving.submit(tracked('b'))
    const said = parts.lastWords.read()
    const runLater = async (ms: number) => {
      parts.clock.set(parts.clock.now() + ms)
      const page = { ...parts, tab: createTab(parts.now) }
      await run(createStamper(page))
      return page.tab
    }
    return { parts, said, runLater }
  }

  test('are left for each tab, and stay for a day', async () => {
    const { parts, runLater } = await createScene()
    const next = await runLater(1_000)
    expect(await readMarks(parts)).toEqual([parts.tab, next])
    await runLater(DAY - 2_000)
    expect(await readMarks(parts)).toEqual([parts.tab, next])
  })

  test('say of whom the calls of a boot were, for whoever stamps what is left of them, and not whom once that is forgotten', async () => {
    const parts = createParts()
    const leaving = createStamper(parts)
    const read = async () => {
      const marks = await parts.store.transact(({ getAll }) => getAll(markRange)).done
      return marks.find(([key]) => key === MARK + parts.tab)?.[1]
    }
    await leaving.submit(tracked('a', { boot: 'p' }))
    const { stream } = (await readAll(parts)).state
    expect(await read()).toMatchObject({ person: ['p', stream?.anonymousId] })
    await createStamper(newPage(parts)).submit(reset)
    parts.lastWords.write('b', JSON.stringify({ tab: parts.tab, run: 2, operations: [tracked('b', { boot: 'p' })] }))
    await run(createStamper(newPage(parts)))
    const [a, b] = (await readAll(parts)).lines.map(parseLine)
    expect(b?.anonymousId).toBe(a?.anonymousId)
    await parts.store.transact(async ({ put }) => put(`${MARK}damaged`, null)).done
    await createBuffer(newPage(parts)).forget(parts.now())
    expect(await read()).toEqual({ run: 2, at: parts.now(), person: ['p', ''] })
  })

  test('are taken away when nothing was stamped of their tab for a day', async () => {
    const { parts, runLater } = await createScene()
    await runLater(1)
    parts.clock.set(parts.clock.now() + DAY / 2)
    const younger = newPage(parts)
    await createStamper(younger).submit(tracked('c'))
    await runLater(DAY / 2 + 1)
    expect(await readMarks(parts)).toEqual([younger.tab])
  })

  test('stay where few tabs were there since: the clock may be wrong', async () => {
    const { parts, runLater } = await createScene(47)
    const next = await runLater(1)
    await runLater(40 * DAY)
    expect(await readMarks(parts)).toEqual([parts.tab, next])
  })

  test('of a page that is open for days stay while it stamps', async () => {
    const { parts, runLater } = await createScene()
    const page = newPage(parts)
    const open = createStamper(page)
    await open.submit(tracked('c'))
    await runLater(3 * DAY)
    await open.submit(tracked('d'))
    await runLater(DAY - 1)
    expect(await readMarks(parts)).toContain(page.tab)
  })

  test('stay as long as there is anything that they may be about, in the store or among the last words', async () => {
    const { parts, said, runLater } = await createScene()
    await runLater(1)
    // They come to light late: other tabs of the browser may see them late.
    for (const [id, text] of said) parts.lastWords.write(id, text)
    await runLater(2 * DAY)
    expect(await storedEvents(parts)).toHaveLength(2)
    expect(await readMarks(parts)).toContain(parts.tab)
    await runLater(1)
    expect(await readMarks(parts)).not.toContain(parts.tab)
  })

  test('are gone with the buffer when the visitor denies consent', async () => {
    const { parts } = await createScene()
    await createBuffer(newPage(parts)).forget(parts.now(), 'denied')
    expect(await readMarks(parts)).toEqual([])
  })
})

describe('a page that may be left', () => {
  test('goes on in the next turn, and stores once and in order what it tracked', async () => {
    for (const moments of [0, 1, 2, 3]) {
      const memory = createMemoryStore()
      const conductor = createConductor()
      const parts = createParts({ store: conductor.connect(memory, 'A') })
      const stamper = createStamper(parts)
      stamper.submit(tracked('a'))
      await turn()
      for (let step = 0; step < moments; step++) await conductor.step('A')
      stamper.maybeLeave()
      stamper.submit(tracked('b'))
      expect(parts.lastWords.read().length).toBeGreaterThan(0)
      await parts.clock.pass(0)
      stamper.submit(tracked('c'))
      await conductor.free()
      await turn()
      expect((await storedEvents(parts)).map(([event]) => event)).toEqual(['a', 'b', 'c'])
      expect((await readAll(parts)).raw).toEqual([])
    }
  })

  test('and is left goes on no more, until it runs again', async () => {
    const parts = createParts()
    const stamper = createStamper(parts)
    stamper.maybeLeave()
    stamper.leave()
    await parts.clock.pass(0)
    expect(await stamper.submit(tracked('a'))).toEqual({ status: 'durable' })
    await run(stamper)
    expect(await storedEvents(parts)).toEqual([['a', 1]])
  })

  test('and was left before does not go on by itself', async () => {
    const parts = createParts()
    const stamper = createStamper(parts)
    stamper.leave()
    stamper.maybeLeave()
    await parts.clock.pass(0)
    expect(await stamper.submit(tracked('a'))).toEqual({ status: 'durable' })
    expect(await storedEvents(parts)).toEqual([])
  })

  test('leaves alone what others of the page have under way', async () => {
    const disk = createDisk()
    const parts = createParts({ store: disk })
    const stamper = createStamper(parts)
    const other = disk.transact(async ({ put }) => put('cuts', 1))
    stamper.maybeLeave()
    await other.done
  })

  test('has nothing of others under way when it is left in the same breath', async () => {
    const disk = createDisk()
    const parts = createParts({ store: disk })
    const stamper = createStamper(parts)
    stamper.maybeLeave()
    const other = disk.transact(async ({ put }) => put('cuts', 1))
    stamper.leave()
    await expect(other.done).rejects.toThrow('aborted')
  })

  test('that never ran does not so much as look at the store', async () => {
    const disk = createDisk()
    const parts = createParts({ store: disk, assumedConsent: () => 'pending' })
    const stamper = createStamper(parts)
    stamper.maybeLeave()
    await parts.clock.pass(0)
    await turn()
    expect(disk.begun).toBe(0)
  })

  test('stores what is committing once, though it fails', async () => {
    const disk = createDisk()
    const parts = createParts({ store: createRetryingStore(disk) })
    const stamper = createStamper(parts)
    const gate = createGate()
    disk.failures.push(new Error('full'))
    disk.beforeCommit = () => gate.opened
    const result = stamper.submit(tracked('a'))
    await turn()
    stamper.maybeLeave()
    gate.open()
    await parts.clock.pass(0)
    await turn()
    expect(await result).toMatchObject({ status: 'memory' })
    expect(await storedEvents(parts)).toEqual([['a', 1]])
  })
})

test('a page that is left again and again before its undoing is through writes each event once', async () => {
  const disk = createDisk()
  const parts = createParts({ store: disk })
  const gate = createGate()
  disk.beforeCommit = () => gate.opened
  const stamper = createStamper(parts)
  const result = stamper.submit(tracked('a'))
  await turn()
  for (let time = 0; time < 3; time++) {
    stamper.leave()
    stamper.resume()
  }
  gate.open()
  expect(await result).toMatchObject({ status: 'durable' })
  await turn()
  await run(createStamper(newPage(parts)))
  expect(await storedEvents(parts)).toEqual([['a', 1]])
  expect(parts.hindrances).toEqual([])
})

test('to look where nothing was ever stored stores nothing', async () => {
  const parts = createParts({ sessionEnded: true })
  await run(createStamper(parts))
  expect(await parts.store.transact(({ get }) => get(STATE)).done).toBeUndefined()
})
