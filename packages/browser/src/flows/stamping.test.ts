import { expect, test } from 'vitest'
import { type Carried, identified, parseLine, registered, reset, tracked } from '../../test/operations.ts'
import { createParts, type Parts, putRaw, readAll, turn } from '../../test/parts.ts'
import type { Operation } from '../core/operation.ts'
import { STATE } from '../core/records.ts'
import type { Store } from '../core/store.ts'
import { createStamper, type Stamper } from './stamping.ts'

const submitAll = (stamper: Stamper, ...operations: Operation[]) =>
  Promise.all(operations.map((operation) => stamper.submit(operation)))

/** The page runs, and stamps what is in the raw journal. */
const run = (stamper: Stamper) => {
  stamper.resume()
  stamper.drain()
  return stamper.settled()
}

const storedEvents = async ({ store }: Parts) =>
  (await readAll(store)).lines.map((text) => {
    const { event, seq } = parseLine(text)
    return [event, seq]
  })

test('a call resolves once its event is in the store, with its number', async () => {
  const parts = createParts()
  const stamper = createStamper(parts)
  expect(await stamper.submit(tracked('a'))).toEqual({ status: 'memory', seq: 1 })
  expect(await storedEvents(parts)).toEqual([['a', 1]])
  expect(parts.stored).toEqual([1])
})

test('a call that is no event has no number', async () => {
  const stamper = createStamper(createParts())
  expect(await stamper.submit(registered({ plan: 'pro' }))).toEqual({ status: 'memory' })
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
  const [one, other] = [createStamper(parts), createStamper(parts)]
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
  const { lines, state } = await readAll(parts.store)
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
  expect(await Promise.all(pending)).toEqual([{ status: 'memory' }, { status: 'memory' }, { status: 'memory' }])
  expect(await storedEvents(parts)).toEqual([['a', 1]])

  const next = createStamper(parts)
  await Promise.all([run(next), run(leaving)])
  await next.submit(tracked('e'))
  await leaving.submit(tracked('f'))
  const { lines, raw } = await readAll(parts.store)
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
  const next = createStamper(parts)
  next.drain()
  expect(await next.submit(tracked('c'))).toEqual({ status: 'memory', seq: 3 })
  const { lines } = await readAll(parts.store)
  expect(lines.map((line) => [parseLine(line).event, parseLine(line).state.registered])).toEqual([
    ['a', {}],
    ['b', { plan: 'pro' }],
    ['c', { plan: 'pro' }],
  ])
})

test('a page that is left after another has reset the person links the two with no event', async () => {
  const parts = createParts()
  const [leaving, other] = [createStamper(parts), createStamper(parts)]
  await submitAll(leaving, identified('ada'), tracked('a'))
  await submitAll(other, reset, identified('bob'))
  leaving.leave()
  await leaving.submit(tracked('late'))
  await run(other)
  await other.submit(tracked('b'))
  const { lines, state } = await readAll(parts.store)
  const byStream = Map.groupBy(lines.map(parseLine), ({ streamId }) => streamId)
  const users = [...byStream.values()].map((events) => [...new Set(events.map(({ userId }) => userId))])
  expect(users.every((one) => one.length === 1)).toBe(true)
  expect(lines.map(parseLine).find(({ event }) => event === 'late')).toMatchObject({ userId: 'ada', seq: 1 })
  expect(state.stream.userId).toBe('bob')
})

test('what a newer release has stored is left alone, and the events wait in the raw journal', async () => {
  const parts = createParts()
  const newer = { format: 2, colour: 'blue' }
  await parts.store.transact(async ({ put }) => put(STATE, newer)).done
  const stamper = createStamper(parts)
  expect(await submitAll(stamper, tracked('a'), tracked('b'))).toEqual([{ status: 'memory' }, { status: 'memory' }])
  await run(stamper)
  const { state, lines, raw } = await readAll(parts.store)
  expect(state).toEqual(newer)
  expect(lines).toEqual([])
  expect(raw).toEqual([{ operations: [tracked('a'), tracked('b')] }])
  expect(parts.stored).toEqual([])
})

test('a transaction that fails for good is told, and the next one works', async () => {
  const parts = createParts()
  let healthy = false
  const store: Store = {
    mode: 'durable',
    transact: (work, options) =>
      healthy
        ? parts.store.transact(work, options)
        : parts.store.transact(async (transaction) => {
            await work(transaction)
            throw new Error('QuotaExceededError')
          }, options),
  }
  const stamper = createStamper({ ...parts, store })
  expect(await stamper.submit(tracked('a'))).toEqual({ status: 'dropped', reason: 'internal' })
  expect(parts.errors).toEqual([{ code: 'internal', detail: 'Error: QuotaExceededError' }])
  healthy = true
  expect(await stamper.submit(tracked('b'))).toEqual({ status: 'durable', seq: 1 })
})

test.each<[what: string, record: unknown]>([
  ['that is damaged', 7],
  ['without operations', {}],
  ['with an operation of a release to come', { operations: [{ kind: 'span', at: 0 }] }],
  ['with an event that is no JSON', { operations: [{ ...tracked('a'), text: '{"type":' }] }],
])('a raw record %s stops no event that comes after it', async (_what, record) => {
  const parts = createParts()
  await putRaw(parts.store, record)
  const stamper = createStamper(parts)
  stamper.drain()
  expect(await stamper.submit(tracked('a'))).toMatchObject({ status: 'memory', seq: expect.any(Number) })
})

test('the health of the buffer rides on each event', async () => {
  const parts = createParts()
  const stamper = createStamper(parts)
  await stamper.submit(tracked('a'))
  await stamper.submit(tracked('b'))
  await turn()
  const { lines } = await readAll(parts.store)
  const health: Carried['buffer'][] = lines.map((line) => parseLine(line).state.buffer)
  expect(health.map(({ pending }) => pending)).toEqual([0, 1])
})
