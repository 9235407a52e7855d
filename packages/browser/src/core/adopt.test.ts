import type { JsonObject, StreamId } from '@waybill/protocol'
import { describe, expect, test } from 'vitest'
import { createMint, environment, identified, registered, reset, spanCall, T0, tracked } from '../../test/operations.ts'
import type { IdentityState } from './accumulators/identity.ts'
import { adopt, type Contents, type Memory } from './adopt.ts'
import { cutNext } from './cut.ts'
import type { Row } from './line.ts'
import type { Operation } from './operation.ts'
import { type BufferState, type Cut, type Delivery, emptyDelivery, emptyState, type StreamState } from './records.ts'
import { stamp } from './stamp.ts'

const limits = { ...(await import('@waybill/protocol')).limits, batchEvents: 2 }
const mint = createMint(() => T0)

type Filled = Contents & { state: BufferState & { stream: StreamState } }

/** A buffer's contents after these operations. */
function contentsOf(operations: Operation[], delivery: Partial<Delivery> = {}, now = T0, origin?: StreamState): Filled {
  const stamped = stamp(undefined, emptyDelivery, [{ operations }], environment({ mint, now, origin }))
  return {
    state: stamped.state,
    delivery: { ...emptyDelivery, ...delivery },
    rows: stamped.lines.map(({ key, text }) => [key, text] as const),
  } as Filled
}

const take = (store: Pick<Contents, 'state' | 'delivery'>, memory: Memory, began = false) => {
  const adopted = adopt(store, memory, began, T0)
  if (!adopted) throw new Error('nothing was adopted')
  return adopted
}
const numbersOf = (rows: readonly Row[]) => [...new Set(rows.map(([key]) => Number(key[0])))]
const empty = { state: undefined, delivery: emptyDelivery }

describe('into an empty store', () => {
  const memory = contentsOf([tracked('a'), identified('ada')])

  test('all goes as it is, and its stream goes on', () => {
    const adopted = take(empty, memory)
    expect(adopted.state).toEqual(memory.state)
    expect(adopted.rows).toEqual(memory.rows)
    expect(adopted.delivery).toEqual(emptyDelivery)
  })

  test('whose state was lost, what waits is what is there', () => {
    const delivery = { ...emptyDelivery, forgotten: { lines: 100, bytes: 10_000 } }
    const { state } = take({ state: undefined, delivery }, memory)
    expect(state.appended).toEqual({ lines: 102, bytes: 10_000 + memory.state.appended.bytes })
  })
})

describe('into a store that holds something', () => {
  const store = contentsOf([tracked('s1'), reset, tracked('s2')])

  test('streams get numbers of their own, above all that were given out', () => {
    const memory = contentsOf([tracked('m1'), reset, tracked('m2')], {}, T0 + 5)
    const { state, rows } = take(store, memory)
    const numbers = numbersOf(rows)
    expect(numbers).toHaveLength(2)
    expect(Math.min(...numbers)).toBeGreaterThan(Math.max(...numbersOf(store.rows)))
    expect(state.streams).toBe(Math.max(...numbers))
    expect(rows.map(([, text]) => text)).toEqual(memory.rows.map(([, text]) => text))
  })

  test.each([T0 - 1_000_000, T0, T0 + 1_000_000])(
    'numbers never collide, whatever the clock said in memory (%i)',
    (now) => {
      const memory = contentsOf([tracked('m1'), reset, tracked('m2')], {}, now)
      const { rows } = take(store, memory)
      const keys = [...store.rows, ...rows].map(([key]) => String(key))
      expect(new Set(keys).size).toBe(keys.length)
    },
  )

  test('what was adopted before is left alone by what is adopted next', () => {
    const first = take(store, contentsOf([tracked('m1')]))
    const second = take(first, contentsOf([tracked('m2'), reset, tracked('m3')]))
    const numbers = [store, first, second].flatMap(({ rows }) => numbersOf(rows))
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
  })

  test('its stream goes on', () => {
    expect(take(store, contentsOf([tracked('m')])).state.stream).toEqual(store.state.stream)
  })

  test('what the page has learned of the person joins it', () => {
    const known = contentsOf([registered({ plan: 'free', a: 1 }), identified('ada'), tracked('s')])
    const memory = contentsOf([registered({ plan: 'pro' }), identified('ada2'), tracked('m')])
    expect(take(known, memory).state.stream).toEqual({
      ...known.state.stream,
      userId: 'ada2',
      values: { registered: { plan: 'pro', a: 1 } },
    })
    expect(take(known, contentsOf([tracked('m')])).state.stream?.userId).toBe('ada')
  })

  test.each<[what: string, stored: IdentityState | undefined, added: IdentityState | undefined, joined: unknown]>([
    [
      'of the same user add up',
      { userId: 'u', traits: { a: 1, b: 1 }, groupTraits: {} },
      { userId: 'u', traits: { b: 2 }, groupTraits: {} },
      { userId: 'u', traits: { a: 1, b: 2 }, groupTraits: {} },
    ],
    [
      'of another user stand alone',
      { userId: 'u', traits: { a: 1 }, groupId: 'g', groupTraits: {} },
      { userId: 'v', traits: { b: 2 }, groupTraits: {} },
      { userId: 'v', traits: { b: 2 }, groupTraits: {} },
    ],
    [
      'of a group join a user’s',
      { userId: 'u', traits: { a: 1 }, groupId: 'g', groupTraits: { c: 1 } },
      { traits: {}, groupId: 'h', groupTraits: { d: 2 } },
      { userId: 'u', traits: { a: 1 }, groupId: 'h', groupTraits: { d: 2 } },
    ],
    [
      'stay where nothing was learned',
      { userId: 'u', traits: { a: 1 }, groupTraits: {} },
      undefined,
      { userId: 'u', traits: { a: 1 }, groupTraits: {} },
    ],
    ['come where none were', undefined, { traits: { b: 2 }, groupTraits: {} }, { traits: { b: 2 }, groupTraits: {} }],
  ])('traits %s', (_what, stored, added, joined) => {
    const [known, memory] = [contentsOf([tracked('s')]), contentsOf([tracked('m')])]
    if (stored) known.state.stream.values.identity = stored as unknown as JsonObject
    if (added) memory.state.stream.values.identity = added as unknown as JsonObject
    expect(take(known, memory).state.stream?.values.identity).toEqual(joined)
  })

  test.each<[what: string, before: IdentityState, stored: IdentityState, added: IdentityState, joined: IdentityState]>([
    [
      'traits',
      { userId: 'u', traits: { plan: 'free', city: 'Rome', old: 1 }, groupTraits: {} },
      { userId: 'u', traits: { plan: 'pro', city: 'Rome', old: 1 }, groupTraits: {} },
      { userId: 'u', traits: { plan: 'free', city: 'Oslo', old: 1 }, groupTraits: {} },
      { userId: 'u', traits: { plan: 'pro', city: 'Oslo', old: 1 }, groupTraits: {} },
    ],
    [
      'the group',
      { traits: {}, groupId: 'G1', groupTraits: { seats: 1 } },
      { traits: {}, groupId: 'G2', groupTraits: { seats: 2 } },
      { traits: { city: 'Oslo' }, groupId: 'G1', groupTraits: { seats: 1 } },
      { traits: { city: 'Oslo' }, groupId: 'G2', groupTraits: { seats: 2 } },
    ],
    [
      'a group that both have moved to',
      { traits: {}, groupTraits: {} },
      { traits: {}, groupId: 'G', groupTraits: { seats: 2 } },
      { traits: {}, groupId: 'G', groupTraits: { name: 'A' } },
      { traits: {}, groupId: 'G', groupTraits: { seats: 2, name: 'A' } },
    ],
    [
      'a group that memory has moved to',
      { traits: {}, groupId: 'G1', groupTraits: { seats: 1 } },
      { traits: {}, groupId: 'G1', groupTraits: { seats: 2 } },
      { traits: {}, groupId: 'G3', groupTraits: {} },
      { traits: {}, groupId: 'G3', groupTraits: {} },
    ],
  ])('%s: only what memory has changed is news', (_what, before, stored, added, joined) => {
    const known = contentsOf([tracked('s')])
    const identityOf = (identity: IdentityState): StreamState => ({
      ...known.state.stream,
      values: { registered: {}, identity: identity as unknown as JsonObject },
    })
    known.state.stream = identityOf(stored)
    const origin = identityOf(before)
    const memory = contentsOf([tracked('m')], {}, T0, identityOf(added))
    expect(take(known, { ...memory, origin }).state.stream?.values.identity).toEqual(joined)
  })

  test('a registered property is taken away, whatever its name', () => {
    const known = contentsOf([registered({ constructor: 'x', plain: 'y' })])
    const origin = known.state.stream
    const memory = contentsOf([{ kind: 'unregister', at: T0, names: ['constructor', 'plain'] }], {}, T0, origin)
    expect(take(known, { ...memory, origin }).state.stream?.values.registered).toEqual({})
  })

  test('the accumulated values stay the store’s', () => {
    const known = contentsOf([tracked('s')])
    known.state.stream.values.visitor = { events: 9 }
    const memory = contentsOf([tracked('m')])
    memory.state.stream.values.visitor = { events: 1 }
    expect(take(known, memory).state.stream?.values.visitor).toEqual({ events: 9 })
  })

  test('a person who began in memory is the one who goes on, and nothing of the former joins', () => {
    const known = contentsOf([registered({ plan: 'free' }), identified('ada'), tracked('s')])
    const memory = contentsOf([tracked('m'), reset, registered({ b: 2 }), tracked('n')])
    const { state, rows } = take(known, memory, true)
    expect(state.stream).toEqual({ ...memory.state.stream, number: Math.max(...numbersOf(rows)) })
    expect(state.stream?.userId).toBeUndefined()
    expect(state.stream?.values).toEqual({ registered: { b: 2 } })
  })

  test('a memory that has seen nobody takes nobody away', () => {
    const memory = { state: { ...emptyState(T0), consent: 'granted' as const }, delivery: emptyDelivery, rows: [] }
    expect(take(store, memory).state.stream).toEqual(store.state.stream)
  })

  test('counts add up', () => {
    const given = { recorded: 1, rejected: 2, shed: 3, forgotten: { lines: 1, bytes: 50 } }
    const known = { ...store, state: { ...store.state, dropped: 5 }, delivery: { ...emptyDelivery, ...given } }
    const memory = contentsOf([tracked('m1'), tracked('m2'), tracked('m3')], {
      recorded: 10,
      rejected: 20,
      shed: 30,
      forgotten: { lines: 2, bytes: 100 },
    })
    memory.state.dropped = 7
    const { state, delivery } = take(known, memory)
    expect(delivery).toMatchObject({ recorded: 11, rejected: 22, shed: 33, forgotten: given.forgotten })
    expect(state.dropped).toBe(12)
    expect(state.appended).toEqual({
      lines: store.state.appended.lines + 1,
      bytes: store.state.appended.bytes + memory.state.appended.bytes - 100,
    })
  })

  test('that there are events of low priority is remembered', () => {
    expect(take(store, contentsOf([tracked('m', { priority: 'low' })])).state.low).toBe(true)
    const low = contentsOf([tracked('s', { priority: 'low' })])
    expect(take(low, contentsOf([tracked('m')])).state.low).toBe(true)
    expect(take(store, contentsOf([tracked('m')])).state.low).toBeFalsy()
  })

  test('how often it was drained, when it was emptied and the visitor’s decision stay the store’s', () => {
    const own = { drains: 7, drained: ['raw1'], forgottenAt: T0 - 1, consent: 'granted' as const }
    const known = { ...store, state: { ...store.state, ...own } }
    expect(take(known, contentsOf([tracked('m')])).state).toMatchObject(own)
  })

  test('a decision that only the page knew is written down', () => {
    const memory = contentsOf([tracked('m')])
    memory.state.consent = 'granted'
    expect(take(store, memory).state.consent).toBe('granted')
  })
})

describe('cuts', () => {
  const cut = (contents: Contents, given: Partial<Cut> = {}): Contents => {
    const { cut: made } = cutNext(contents.rows, T0, limits) as { cut: Cut }
    return { ...contents, delivery: { ...contents.delivery, list: [{ ...made, ...given }] } }
  }
  const store = cut(contentsOf([tracked('s1'), tracked('s2'), tracked('s3')]), { attempt: 2 })
  const memory = cut(contentsOf([tracked('m1'), tracked('m2'), tracked('m3')]), { attempt: 5, receipt: 'r1' }) as Filled

  test('stay as they were drawn, since they may have been presented; the store’s come first', () => {
    const { delivery, rows } = take(store, memory)
    const [first, second] = delivery.list
    expect(first).toEqual(store.delivery.list[0])
    expect(second).toEqual({ ...memory.delivery.list[0], number: numbersOf(rows)[0] })
    expect(second).toMatchObject({ attempt: 5, receipt: 'r1', first: 1, last: 2 })
  })

  test('keep the store’s epoch, wait and last error', () => {
    const own = {
      epoch: 9,
      wait: { since: T0, until: T0 + 1_000, byServer: true },
      lastError: { code: 'outage', detail: '', at: '2026-11-22T10:00:00.000Z' },
    }
    const { delivery } = take({ ...store, delivery: { ...store.delivery, ...own } }, memory)
    expect(delivery).toMatchObject(own)
  })
})

describe('nothing is adopted', () => {
  const began = T0 - 1_000
  const memory = contentsOf([tracked('m')], {}, began)
  const store = contentsOf([])
  const into = (given: Partial<BufferState>, now = T0) =>
    adopt({ state: { ...store.state, ...given }, delivery: emptyDelivery }, memory, false, now)

  test('where consent was withdrawn', () => {
    expect(into({ consent: 'denied' })).toBeUndefined()
    expect(into({ consent: 'granted' })).toBeDefined()
  })

  test('where the store was emptied since: it would bring back who was forgotten', () => {
    expect(into({ forgottenAt: began + 1 })).toBeUndefined()
    expect(into({ forgottenAt: began })).toBeDefined()
  })

  test('but the word of a clock that was ahead does not count', () => {
    expect(into({ forgottenAt: T0 + 1 })).toBeDefined()
  })
})

test('what it was handed is as it was', () => {
  const [store, memory] = [contentsOf([identified('ada')]), contentsOf([registered({ a: 1 }), tracked('m')])]
  const copies = structuredClone([store, memory])
  take(store, memory)
  take(store, memory, true)
  expect([store, memory]).toEqual(copies)
  expect(memory.state.stream.streamId satisfies StreamId).toBeDefined()
})

describe('open spans', () => {
  const video = { name: 'Video' }
  const known = contentsOf([tracked('s'), spanCall('start'), spanCall('start', video)])
  const namesOf = (state: BufferState) => Object.values(state.stream?.spans ?? {}).map(({ name }) => name)
  /** What a page that went on in memory has done with them. */
  const inMemory = (...operations: Operation[]) => contentsOf(operations, {}, T0, known.state.stream)

  test('go on as memory has them', () => {
    const { stream } = take(known, inMemory(spanCall('set', { after: 1_000, properties: { step: 2 } }))).state
    expect(Object.keys(stream?.spans ?? {})).toEqual(Object.keys(known.state.stream.spans ?? {}))
    expect(Object.values(stream?.spans ?? {})).toMatchObject([{ properties: { step: 2 }, duration: 1_000 }, video])
  })

  test('that ended in memory have ended, and those that were started there are open', () => {
    const memory = inMemory(spanCall('end'), spanCall('start', { name: 'Search' }))
    expect(namesOf(take(known, memory).state)).toEqual(['Video', 'Search'])
  })

  test('that another tab has ended or started meanwhile stay so', () => {
    const operations = [spanCall('end', video), spanCall('start', { name: 'Search' })]
    const stamped = stamp(known.state, emptyDelivery, [{ operations }], environment({ mint }))
    const adopted = take({ ...known, state: stamped.state }, inMemory(spanCall('tick', { after: 1_000 })))
    expect(namesOf(adopted.state)).toEqual(['Checkout', 'Search'])
  })

  test('that another tab has gathered in meanwhile have that, too', () => {
    const operations = [spanCall('set', { after: 2_000, properties: { step: 'payment' } })]
    const stamped = stamp(known.state, emptyDelivery, [{ operations }], environment({ mint }))
    const memory = inMemory(spanCall('set', { after: 1_000, properties: { mine: 1 } }))
    const adopted = take({ ...known, state: stamped.state }, { ...memory, origin: known.state.stream })
    const spans = Object.values(adopted.state.stream?.spans ?? {})
    expect(spans.find(({ name }) => name === 'Checkout')).toMatchObject({
      properties: { step: 'payment', mine: 1 },
      duration: 2_000,
    })
  })

  test('of a person who has given way to another are counted as dropped', () => {
    const next = contentsOf([tracked('next')])
    next.state.stream.streamId = createMint(() => T0 + 9)() as StreamId
    const { state } = take(next, contentsOf([tracked('m'), spanCall('start')]))
    expect(namesOf(state)).toEqual([])
    expect(state.dropped).toBe(1)
  })
})
