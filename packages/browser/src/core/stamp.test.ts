import { byteLength, checkShape, type JsonObject, limits, type StreamId } from '@waybill/protocol'
import { describe, expect, test } from 'vitest'
import {
  createMint,
  environment,
  identified,
  MINUTE,
  parseLine,
  registered,
  reset,
  T0,
  tracked,
  unregistered,
} from '../../test/operations.ts'
import { defineAccumulator } from './accumulator.ts'
import { identity } from './accumulators/identity.ts'
import { session } from './accumulators/session.ts'
import { visitor } from './accumulators/visitor.ts'
import type { EventOperation, Identity, Journal, Operation } from './operation.ts'
import { type BufferState, emptyDelivery, emptyState, type StreamState } from './records.ts'
import { type StampEnvironment, type Stamped, stamp } from './stamp.ts'
import { timestamp } from './timestamp.ts'
import { toEventOperation } from './to-operation.ts'
import { bornAt } from './uuid.ts'

const journal = (...operations: Operation[]): Journal => ({ operations })

/** Whoever stamps opens a stream. */
type Open = Stamped & { state: { stream: StreamState } }

const stampAll = (before: BufferState | undefined, journals: Journal[], parts: Partial<StampEnvironment> = {}): Open =>
  stamp(before, emptyDelivery, journals, environment(parts)) as Open

const linesOf = ({ lines }: Stamped) => lines.map(({ text }) => parseLine(text))
const named = (stamped: Stamped) => linesOf(stamped).map(({ event, seq }) => [event, seq])

const identityOf = ({ state }: Open): Identity => {
  const { streamId, anonymousId, userId } = state.stream
  return { streamId, anonymousId, userId }
}

describe('numbers', () => {
  test('events are numbered from 1, without a gap from one transaction to the next', () => {
    const mint = createMint()
    const first = stampAll(undefined, [journal(tracked('a'), tracked('b'))], { mint })
    const second = stampAll(first.state, [journal(tracked('c'))], { mint })
    expect([...named(first), ...named(second)]).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ])
    expect(first.outcomes).toEqual([{ seq: 1 }, { seq: 2 }])
    expect(second.outcomes).toEqual([{ seq: 3 }])
    expect(new Set([...linesOf(first), ...linesOf(second)].map(({ streamId }) => streamId)).size).toBe(1)
  })

  test('calls that are no events take no number', () => {
    const stamped = stampAll(undefined, [journal(tracked('a'), registered({ plan: 'pro' }), tracked('b'))])
    expect(stamped.outcomes).toEqual([{ seq: 1 }, {}, { seq: 2 }])
    expect(stamped.state.stream.seq).toBe(2)
  })

  test('a line is kept under the number of its stream and its own', () => {
    const { lines, state } = stampAll(undefined, [journal(tracked('a'), tracked('b'))])
    expect(lines.map(({ key }) => key)).toEqual([
      [state.stream.number, 1],
      [state.stream.number, 2],
    ])
  })

  test('the first stream of a buffer is numbered by the clock, above those of a buffer that was lost', () => {
    const lost = stampAll(undefined, [journal(tracked('a'), reset, tracked('b'))])
    const next = stampAll(undefined, [journal(tracked('c'))], { now: T0 + MINUTE })
    expect(lost.state.stream.number).toBeGreaterThan(T0)
    expect(next.state.stream.number).toBeGreaterThan(lost.state.stream.number)
  })
})

describe('a line', () => {
  const operation = tracked('Order Completed', { properties: { total: 42, note: 'naïve ✓ "quoted"' } })

  test('is the complete event as JSON, with every member', () => {
    const accumulators = [session({}), visitor]
    const [line] = linesOf(stampAll(undefined, [journal(operation)], { accumulators }))
    const [streamId, anonymousId] = ['00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002']
    const timestamp = '2026-11-22T10:00:00.000Z'
    expect(line).toEqual({
      streamId,
      seq: 1,
      messageId: `${streamId}.1`,
      type: 'track',
      event: 'Order Completed',
      properties: { total: 42, note: 'naïve ✓ "quoted"' },
      timestamp,
      anonymousId,
      state: {
        registered: {},
        session: {
          id: `${streamId}.s1`,
          number: 1,
          startedAt: timestamp,
          events: 1,
          pages: 0,
          entryPage: '',
          referrer: '',
        },
        visitor: { anonymousId, firstSeenAt: timestamp, sessions: 1, events: 1 },
        buffer: { pending: 0, bytes: 0, dropped: 0, rejected: 0, shed: 0 },
      },
    })
  })

  test('carries the very bytes that the call was serialised to', () => {
    const text = '{"type":"track","event":"x","properties":{"price":1.50,"big":12345678901234567890},"timestamp":"t"}'
    const { lines } = stampAll(undefined, [journal({ ...operation, text })])
    expect(lines[0]?.text).toContain(text.slice(1, -1))
  })

  test('holds no line feed, whatever the event holds', () => {
    const { lines } = stampAll(undefined, [journal(tracked('a\nb\r\n', { properties: { '\n': '\n\u2028' } }))])
    expect(lines[0]?.text).not.toMatch(/[\r\n]/)
  })

  test('carries the state that is stored with it', () => {
    const { lines, state } = stampAll(undefined, [journal(registered({ plan: 'pro' }), tracked('a'), tracked('b'))], {
      accumulators: [session({}), visitor],
    })
    const { buffer: _buffer, ...carried } = parseLine(lines[1]?.text ?? '').state
    expect(carried).toEqual(state.stream.values)
  })

  test('is within the limits of an event, with the longest call and the most state that are let through', () => {
    const wide = (characters: number) => '\u0001'.repeat(characters)
    const monotonic = { boot: '00000000-0000-7000-8000-000000000000', ms: 123_456_789.1 }
    const call = (title: number) =>
      toEventOperation(
        wide(500),
        { type: 'track', event: wide(500), properties: { text: 'x'.repeat(limits.propertiesBytes - 11) } },
        T0,
        { monotonic, context: { page: { title: 'x'.repeat(title) } } },
      )
    // The longest page title with which the call is let through.
    let title = 0
    for (let step = 4_096; step >= 1; step /= 2) if (typeof call(title + step) === 'object') title += step
    const full = { text: 'x'.repeat(6_144 - 11) }
    // Each of them grows, byte by byte, for as long as it is let.
    const grow = (name: string, by: number, scope?: 'session') =>
      defineAccumulator({ name, scope, initial: '', fold: (value) => `${value}${wide(by)}` })
    const accumulators = [session({}), visitor, grow('a', 101), grow('b', 7, 'session'), grow('c', 1)]
    const page = { view: 'x'.repeat(2_048 - '{"view":""}'.length) }
    const filling = Array.from({ length: 300 }, () => tracked('fill'))
    const { outcomes, lines, faults } = stampAll(
      undefined,
      [journal(registered(full), identified(wide(500)), ...filling, { ...(call(title) as EventOperation), page })],
      { accumulators },
    )
    expect(outcomes.at(-1)).toEqual({ seq: 302 })
    expect(faults.map(({ code }) => code)).toContain('state_too_large')
    const text = lines.at(-1)?.text ?? ''
    const { state } = parseLine(text)
    expect(state.visitor.events).toBe(302)
    expect(state).toMatchObject({ registered: full, ...page })
    // No byte of it is left for the app's own.
    expect(byteLength(JSON.stringify(state))).toBeGreaterThan(limits.stateBytes - 400)
    expect(byteLength(text)).toBeLessThanOrEqual(limits.eventBytes)
    expect(byteLength(JSON.stringify(parseLine(text).state))).toBeLessThanOrEqual(limits.stateBytes)
    expect(checkShape(JSON.parse(text), limits.depth)).toBeUndefined()
  })
})

describe('the SDK’s own values', () => {
  const own = [session({}), visitor, identity]
  const landing = (character: string) => {
    const long = character.repeat(5_000)
    const utm = ['source', 'medium', 'campaign', 'term', 'content', 'id'].map((name) => `utm_${name}=${long}`)
    return { page: { url: long, referrer: long, search: `?${utm.join('&')}` } }
  }
  const visit = (at: number, character = 'x'): EventOperation => ({
    kind: 'event',
    at,
    text: JSON.stringify({ type: 'page', timestamp: timestamp(at), context: landing(character) }),
  })
  const identify = (userId: string, traits: JsonObject): EventOperation => ({
    kind: 'event',
    at: T0,
    text: JSON.stringify({ type: 'identify', traits, timestamp: timestamp(T0) }),
    userId,
  })
  const steady = (
    bytes: number,
    ever = defineAccumulator({ name: 'app', initial: '', fold: () => 'x'.repeat(bytes) }),
  ) => [...own, ever]

  test('fit their share at their largest, whatever others have, without their traits', () => {
    const wide = '\u0001'
    const { lines, faults } = stampAll(undefined, [journal({ ...visit(T0, wide), userId: wide.repeat(500) })], {
      accumulators: own,
    })
    const { session: begun, visitor: seen, identity: known } = parseLine(lines[0]?.text ?? '').state
    expect([begun.entryPage.length, begun.campaign?.id?.length, known.userId?.length]).toEqual([100, 33, 500])
    expect(faults).toEqual([])
    // 100: numbers may have more digits.
    expect(byteLength(JSON.stringify({ session: begun, visitor: seen, identity: known }))).toBeLessThan(7_936 - 100)
  })

  test('go on from visit to visit, and what the app has makes room for them', () => {
    const wide = '日'
    const times = [T0, T0 + MINUTE, T0 + 60 * MINUTE, T0 + 61 * MINUTE]
    const [first, ...later] = times.map((at, index) => (index === 2 ? visit(at, wide) : tracked('a', { at })))
    const stamped = stampAll(undefined, [journal(first as Operation, ...later)], {
      accumulators: steady(6_700),
      sessionEnded: true,
      now: times[3],
    })
    const sessions = linesOf(stamped).map(({ state }) => [
      state.session.id.split('.')[1],
      state.session.events,
      state.visitor.sessions,
    ])
    expect(sessions).toEqual([
      ['s1', 1, 1],
      ['s1', 2, 1],
      ['s1', 3, 1],
      ['s2', 1, 2],
      ['s2', 2, 2],
    ])
    expect(stamped.faults).toMatchObject([{ code: 'state_too_large', detail: expect.stringMatching(/^app: /) }])
  })

  test('cost none that has little to give a part of it', () => {
    const count = defineAccumulator({ name: 'count', initial: 8, fold: (value) => value + 1 })
    const stamped = stampAll(undefined, [journal(tracked('a'), visit(T0 + 60 * MINUTE))], {
      accumulators: [...steady(6_700), count],
    })
    expect(linesOf(stamped).map(({ state }) => (state as unknown as { count: number }).count)).toEqual([9, 10])
  })

  test('say who the user is where the traits are too large, and none of another’s', () => {
    const essay = { essay: 'x'.repeat(9_000) }
    const stamped = stampAll(
      undefined,
      [journal(identify('u1', { name: 'Ada' }), identify('u1', essay), identify('u2', essay), tracked('a'))],
      { accumulators: steady(3_000) },
    )
    expect(linesOf(stamped).map(({ state }) => state.identity)).toEqual([
      { userId: 'u1', traits: { name: 'Ada' }, groupTraits: {} },
      { userId: 'u1', traits: { name: 'Ada' }, groupTraits: {} },
      { userId: 'u2', traits: {}, groupTraits: {} },
      { userId: 'u2', traits: {}, groupTraits: {} },
    ])
    expect(linesOf(stamped).map(({ state }) => (state as unknown as { app: string }).app.length)).toEqual(
      Array(4).fill(3_000),
    )
    expect(new Set(stamped.faults.map(({ detail }) => detail.split(':')[0]))).toEqual(new Set(['identity']))
  })
})

describe('what is stored beside the lines', () => {
  test('is exact', () => {
    const { state, lines } = stampAll(
      undefined,
      [journal(tracked('a', { at: T0 + 5 }), identified('u1', { at: T0 }))],
      {
        refused: 3,
      },
    )
    const bytes = lines.reduce((sum, { text }) => sum + byteLength(text), 0)
    expect(state).toEqual({
      format: 1,
      since: T0,
      streams: T0 + 1,
      stream: {
        number: T0 + 1,
        streamId: '00000000-0000-7000-8000-000000000001',
        seq: 2,
        latestAt: T0,
        anonymousId: '00000000-0000-7000-8000-000000000002',
        userId: 'u1',
        bytes,
        dropped: 3,
        values: { registered: {} },
      },
      appended: { lines: 2, bytes },
      dropped: 3,
    })
  })

  test('leaves the state that it was handed as it was', () => {
    const { state } = stampAll(undefined, [journal(registered({ plan: 'pro' }), tracked('a'))])
    const before = structuredClone(state)
    stampAll(state, [journal(registered({ plan: 'free' }), tracked('b'), unregistered('plan'), reset, tracked('c'))])
    expect(state).toEqual(before)
  })

  test('keeps and carries the values of accumulators that this release does not know', () => {
    const { state } = stampAll(undefined, [journal(tracked('a'))])
    state.stream.values.scroll = { deepest: 0.7 }
    const stamped = stampAll(state, [journal(tracked('b'))], { accumulators: [visitor] })
    expect(linesOf(stamped)[0]?.state).toMatchObject({ scroll: { deepest: 0.7 }, visitor: { events: 1 } })
    expect(stamped.state.stream.values.scroll).toEqual({ deepest: 0.7 })
  })
})

describe('identify', () => {
  test('names the user on its own event and on every later one', () => {
    const first = stampAll(undefined, [journal(tracked('a'), identified('u1'), tracked('b'))])
    const second = stampAll(first.state, [journal(tracked('c'))])
    expect([...linesOf(first), ...linesOf(second)].map(({ userId }) => userId)).toEqual([undefined, 'u1', 'u1', 'u1'])
  })
})

describe('registered properties', () => {
  const registeredOf = (stamped: Stamped) => linesOf(stamped).map(({ state }) => state.registered)

  test('ride on every later event until they are unregistered', () => {
    const stamped = stampAll(undefined, [
      journal(
        tracked('a'),
        registered({ plan: 'pro', test: 'b' }),
        tracked('b'),
        registered({ plan: 'free' }),
        unregistered('test', 'unknown'),
        tracked('c'),
      ),
    ])
    expect(registeredOf(stamped)).toEqual([{}, { plan: 'pro', test: 'b' }, { plan: 'free' }])
  })

  /** As JSON so many bytes, most of them in letters of two bytes. */
  const ofBytes = (bytes: number): JsonObject => ({ é: 'é'.repeat((bytes - 10) / 2 + 0.5) + (bytes % 2 ? '' : 'e') })

  test('may take their share to the byte', () => {
    const properties = ofBytes(6_144)
    expect(byteLength(JSON.stringify(properties))).toBe(6_144)
    const stamped = stampAll(undefined, [journal(registered(properties), tracked('a'))])
    expect(stamped.outcomes[0]).toEqual({})
    expect(registeredOf(stamped)).toEqual([properties])
  })

  test('that would outgrow their share are refused and counted, and what was registered stays', () => {
    const stamped = stampAll(undefined, [
      journal(registered({ plan: 'pro' }), registered(ofBytes(6_145)), tracked('a')),
    ])
    expect(stamped.outcomes).toEqual([{}, { reason: 'state_too_large' }, { seq: 1 }])
    expect(registeredOf(stamped)).toEqual([{ plan: 'pro' }])
    expect(stamped.state.dropped).toBe(1)
  })

  test('are measured together', () => {
    const half = { a: 'x'.repeat(4_000) }
    const { outcomes } = stampAll(undefined, [journal(registered(half), registered({ b: 'x'.repeat(4_000) }))])
    expect(outcomes).toEqual([{}, { reason: 'state_too_large' }])
  })
})

describe('what an event sets', () => {
  const grouped = (properties: JsonObject) => tracked('Group Changed', { set: properties })

  test('rides on that very event, on every later one, and lies in the state', () => {
    const stamped = stampAll(undefined, [
      journal(registered({ plan: 'pro' }), tracked('a'), grouped({ group: 'G2' }), tracked('b')),
    ])
    expect(linesOf(stamped).map(({ state }) => state.registered)).toEqual([
      { plan: 'pro' },
      { plan: 'pro', group: 'G2' },
      { plan: 'pro', group: 'G2' },
    ])
    expect(stamped.state.stream.values.registered).toEqual({ plan: 'pro', group: 'G2' })
  })

  test('can be unregistered', () => {
    const stamped = stampAll(undefined, [journal(grouped({ group: 'G2' }), unregistered('group'), tracked('b'))])
    expect(linesOf(stamped).map(({ state }) => state.registered)).toEqual([{ group: 'G2' }, {}])
  })

  test('and can’t be kept takes the event with it: the present and the history can’t disagree', () => {
    const stamped = stampAll(
      undefined,
      [journal(registered({ group: 'G1' }), grouped({ text: 'x'.repeat(6_144) }), tracked('b'))],
      { accumulators: [visitor] },
    )
    expect(stamped.outcomes).toEqual([{}, { reason: 'state_too_large' }, { seq: 1 }])
    expect(linesOf(stamped)).toMatchObject([
      { event: 'b', state: { registered: { group: 'G1' }, visitor: { events: 1 } } },
    ])
    expect(stamped.state.dropped).toBe(1)
  })

  test('is set by an event that was left behind raw, too, in its turn', () => {
    const before = stampAll(undefined, [journal(tracked('a'))])
    const left = { identity: identityOf(before), operations: [grouped({ group: 'G2' })] }
    const stamped = stampAll(before.state, [left, journal(grouped({ group: 'G3' }))])
    expect(linesOf(stamped).map(({ state }) => state.registered)).toEqual([{ group: 'G2' }, { group: 'G3' }])
    expect(stamped.state.stream.values.registered).toEqual({ group: 'G3' })
  })

  test('is of the person whom the page knew, not of the one who is here now', () => {
    const mint = createMint(() => T0)
    const before = stampAll(undefined, [journal(tracked('a'))], { mint })
    const former: Identity = { streamId: mint() as StreamId, anonymousId: mint() }
    const stamped = stampAll(before.state, [{ identity: former, operations: [grouped({ group: 'G2' })] }], { mint })
    expect(linesOf(stamped)[0]).toMatchObject({
      anonymousId: former.anonymousId,
      state: { registered: { group: 'G2' } },
    })
    expect(stamped.state.stream.values.registered).toEqual({})
  })
})

describe('what accumulated in the page', () => {
  test('rides on the event that brings it, and is not stored', () => {
    const stamped = stampAll(undefined, [journal(tracked('a', { page: { view: { number: 3 } } }), tracked('b'))])
    expect(linesOf(stamped).map(({ state }) => (state as unknown as JsonObject).view)).toEqual([
      { number: 3 },
      undefined,
    ])
    expect(stamped.state.stream.values).toEqual({ registered: {} })
  })

  test('stands for nothing that the store accumulates itself', () => {
    const [line] = linesOf(stampAll(undefined, [journal(tracked('a', { page: { registered: 'x', buffer: 'x' } }))]))
    expect(line?.state).toMatchObject({ registered: {}, buffer: { pending: 0 } })
  })

  test('and is too large, since somebody else left it behind, is left out and named', () => {
    const stamped = stampAll(undefined, [journal(tracked('a', { page: { view: 'x'.repeat(2_048) } }))])
    expect(linesOf(stamped)[0]?.state).not.toHaveProperty('view')
    expect(stamped.faults).toMatchObject([{ code: 'state_too_large' }])
  })
})

describe('an accumulator that fails', () => {
  const failing = defineAccumulator({
    name: 'failing',
    initial: 0,
    fold(value, { event }) {
      if (event === 'bad') throw new Error('no')
      return value + 1
    },
  })

  test('keeps its last value on that event, and is named once for all events of a transaction', () => {
    const events = ['a', 'bad', 'bad', 'b'].map((event) => tracked(event))
    const stamped = stampAll(undefined, [journal(...events)], { accumulators: [failing, visitor] })
    expect(linesOf(stamped).map(({ state }) => (state as unknown as JsonObject).failing)).toEqual([1, 1, 1, 2])
    expect(linesOf(stamped).map(({ state }) => state.visitor.events)).toEqual([1, 2, 3, 4])
    expect(stamped.outcomes).toEqual([1, 2, 3, 4].map((seq) => ({ seq })))
    expect(stamped.faults).toEqual([{ code: 'accumulator', detail: 'failing: Error: no' }])
  })
})

describe('what is known of a value', () => {
  const v2 = defineAccumulator({ name: 'v2', version: 2, initial: 0, fold: (value) => value + 1 })

  test('is stored beside it, and does not travel', () => {
    const stamped = stampAll(undefined, [journal(tracked('a'))], { accumulators: [v2] })
    expect(stamped.state.stream).toMatchObject({ values: { v2: 1 }, about: { v2: { version: 2 } } })
    expect(stamped.lines[0]?.text).not.toContain('version')
  })

  test('goes with the value to a stream that goes on elsewhere', () => {
    const known = stampAll(undefined, [journal(tracked('a'))], { accumulators: [v2] })
    const stamped = stampAll(undefined, [journal(tracked('b'))], { origin: known.state.stream, accumulators: [v2] })
    expect(stamped.state.stream).toMatchObject({ values: { v2: 2 }, about: { v2: { version: 2 } } })
  })
})

describe('reset', () => {
  const ada = { ...identified('u1'), text: '{"type":"identify","traits":{"name":"Ada"},"timestamp":"t"}' }
  const before = stampAll(undefined, [journal(registered({ plan: 'pro' }), ada, tracked('a'))], {
    accumulators: [identity],
  })
  expect(before.lines.at(-1)?.text).toContain('Ada')

  test('begins a new stream with a new person, who brings nothing along', () => {
    const after = stampAll(before.state, [journal(reset, tracked('b'))], {
      mint: () => '99999999-0000-7000-8000-000000000001',
      accumulators: [session({}), visitor, identity],
    })
    expect(after.outcomes).toEqual([{}, { seq: 1 }])
    const [line] = linesOf(after)
    expect(line?.streamId).toBe('99999999-0000-7000-8000-000000000001')
    expect(line?.anonymousId).not.toBe(before.state.stream.anonymousId)
    expect(line?.userId).toBeUndefined()
    expect(line?.state).toMatchObject({ registered: {}, session: { number: 1, events: 1 }, visitor: { events: 1 } })
    expect(JSON.stringify(line)).not.toContain('Ada')
  })

  test('orders the new stream after the old one', () => {
    const after = stampAll(before.state, [journal(reset, tracked('b'))])
    expect(after.lines[0]?.key[0]).toBeGreaterThan(before.state.stream.number)
    expect(after.state.streams).toBe(after.state.stream.number)
  })
})

describe('the raw journal', () => {
  const mint = createMint(() => T0)
  const before = stampAll(undefined, [journal(identified('u1'), tracked('a'))], { mint })
  const current = identityOf(before)
  const former: Identity = { streamId: mint() as StreamId, anonymousId: mint(), userId: 'former' }

  test('is drained in order, each operation once, before what is new', () => {
    const stamped = stampAll(before.state, [
      journal(tracked('b'), tracked('c')),
      journal(),
      { identity: current, operations: [tracked('d')] },
      journal(tracked('e')),
    ])
    expect(named(stamped)).toEqual([
      ['b', 3],
      ['c', 4],
      ['d', 5],
      ['e', 6],
    ])
    expect(stamped.outcomes).toHaveLength(4)
  })

  test('of a page that knew the person before goes into a stream of its own under their name', () => {
    const stamped = stampAll(
      before.state,
      [{ identity: former, operations: [tracked('late'), tracked('later')] }, journal(tracked('b'))],
      { mint },
    )
    expect(named(stamped)).toEqual([
      ['late', 1],
      ['later', 2],
      ['b', 3],
    ])
    const [late, later, now] = linesOf(stamped)
    expect(late).toMatchObject({ anonymousId: former.anonymousId, userId: 'former' })
    expect(later?.streamId).toBe(late?.streamId)
    expect(late?.streamId).not.toBe(former.streamId)
    expect(now).toMatchObject({ streamId: current.streamId, anonymousId: current.anonymousId, userId: 'u1' })
    expect(stamped.state.stream.streamId).toBe(current.streamId)
  })

  test('of a page that knew somebody of before the site’s data was cleared leads nobody back to them', () => {
    const cleared: Identity = { ...former, anonymousId: createMint(() => T0 - 1)() }
    const stamped = stampAll(before.state, [{ identity: cleared, operations: [tracked('late')] }], { mint })
    expect(linesOf(stamped)).toMatchObject([{ anonymousId: current.anonymousId, userId: 'u1', seq: 3 }])
  })

  test('of two such pages goes into two streams with two numbers', () => {
    const { lines, state } = stampAll(before.state, [
      { identity: former, operations: [tracked('x')] },
      { identity: { ...former, streamId: mint() as StreamId }, operations: [tracked('y')] },
    ])
    const numbers = lines.map(({ key }) => key[0])
    expect(new Set([...numbers, before.state.stream.number]).size).toBe(3)
    expect(state.streams).toBe(Math.max(...numbers))
  })

  test('that says who the person is, and later that it is another, is not taken for the former person’s', () => {
    const stamped = stampAll(
      before.state,
      [{ identity: current, operations: [tracked('b'), reset, tracked('c'), tracked('d')] }],
      { mint },
    )
    expect(named(stamped)).toEqual([
      ['b', 3],
      ['c', 1],
      ['d', 2],
    ])
    const [b, c, d] = linesOf(stamped)
    expect(b?.streamId).toBe(current.streamId)
    expect(c?.anonymousId).not.toBe(current.anonymousId)
    expect(d?.streamId).toBe(c?.streamId)
    expect(stamped.state.stream.streamId).toBe(c?.streamId)
  })

  test.each([
    ['before the person who is here now had come goes on with that one', -1, 'u1'],
    ['after the person who is here now had come ends that one, too', 0, undefined],
  ])('of the former person whose reset was called %s', (_, after, userId) => {
    const ended: Operation = { ...reset, at: bornAt(current.anonymousId) + after }
    const operations = [tracked('x'), ended, tracked('b')]
    const [x, b] = linesOf(stampAll(before.state, [{ identity: former, operations }], { mint }))
    expect(x?.anonymousId).toBe(former.anonymousId)
    expect(b?.userId).toBe(userId)
    expect(b?.streamId === current.streamId).toBe(userId === 'u1')
  })

  describe('of calls that do not say whose they are, in a store whose person began with a reset', () => {
    const begun = stampAll(before.state, [journal({ ...reset, at: T0 + 10 }, tracked('b', { at: T0 + 10 }))], {
      mint,
      now: T0 + 50,
    })
    const here = identityOf(begun)
    const left = (...operations: Operation[]) => ({ tab: createMint()(), run: 1, operations })
    const stampLeft = (...journals: Journal[]) => stampAll(begun.state, journals, { mint, now: T0 + 60 })

    test('what is older than it is nobody’s who is known, the same for one boot', () => {
      const stamped = stampLeft(
        left(tracked('x', { at: T0 + 9, boot: 'p' }), tracked('y', { at: T0 + 11, boot: 'p' })),
        left(tracked('z', { at: T0 + 12, boot: 'p' })),
        left(tracked('c', { at: T0 + 10, boot: 'q' })),
      )
      const [x, y, z, c] = linesOf(stamped).map(({ anonymousId }) => anonymousId)
      expect([current.anonymousId, here.anonymousId]).not.toContain(x)
      expect([y, z, c]).toEqual([x, x, here.anonymousId])
      expect(stamped.state.stream.anonymousId).toBe(here.anonymousId)
    })

    test('a reset that is older than it ends nobody, and one that is not does', () => {
      const after = (at: number) => stampLeft(left({ ...reset, at })).state.stream.anonymousId
      expect(after(T0 + 9)).toBe(here.anonymousId)
      expect(after(T0 + 10)).not.toBe(here.anonymousId)
    })

    test('a reset of somebody of before ends whoever had begun by then, however late it is stamped', () => {
      const late = left(tracked('x', { anonymousId: current.anonymousId }), { ...reset, at: T0 + 20 })
      expect(stampLeft(late).state.stream.anonymousId).not.toBe(here.anonymousId)
    })
  })

  test('of a boot whose calls were stamped for somebody before is theirs', () => {
    const operations = [tracked('x', { boot: 'p' })]
    const boots = new Map([['p', former.anonymousId]])
    const [x] = linesOf(stampAll(before.state, [{ tab: mint(), operations } as Journal], { mint, boots }))
    expect(x?.anonymousId).toBe(former.anonymousId)
  })

  test('is of whom each operation says, and of the record’s person where it does not', () => {
    const operations = [
      tracked('x'),
      tracked('b', { anonymousId: current.anonymousId }),
      tracked('y', { anonymousId: former.anonymousId }),
    ]
    const stamped = stampAll(before.state, [{ identity: former, operations }], { mint })
    expect(linesOf(stamped).map(({ event, userId }) => [event, userId])).toEqual([
      ['x', 'former'],
      ['b', 'u1'],
      ['y', 'former'],
    ])
  })

  test('of a former person registers nothing for the one who is here now', () => {
    const stamped = stampAll(before.state, [
      { identity: former, operations: [registered({ plan: 'pro' }), identified('former')] },
      journal(tracked('b')),
    ])
    expect(linesOf(stamped).map(({ userId, state }) => [userId, state.registered])).toEqual([
      ['former', { plan: 'pro' }],
      ['u1', {}],
    ])
  })
})

describe('how the buffer stands', () => {
  test('is told of each person’s own stream alone', () => {
    const mint = createMint()
    const refused: Operation = { kind: 'register', at: T0, properties: { text: 'x'.repeat(7_000) } }
    const first = stampAll(undefined, [journal(tracked('a'), refused, tracked('b'))], { mint, refused: 2 })
    expect(linesOf(first)[1]?.state.buffer).toMatchObject({ dropped: 3 })
    const latest = { number: first.state.stream.number, rejected: 1, shed: 1 }
    const delivery = { ...emptyDelivery, rejected: 1, shed: 1, latest }
    const second = stamp(first.state, delivery, [journal(reset, tracked('c'), tracked('d'))], environment({ mint }))
    const [c, d] = linesOf(second).map(({ state }) => state.buffer)
    expect(c).toEqual({ pending: 0, bytes: 0, dropped: 0, rejected: 0, shed: 0 })
    const bytes = byteLength(second.lines[0]?.text ?? '')
    expect(d).toEqual({ pending: 1, bytes, dropped: 0, rejected: 0, shed: 0 })
    expect(second.state.dropped).toBe(3)
  })

  test('rides on each event as it was just before', () => {
    const mint = createMint()
    const first = stampAll(undefined, [journal(tracked('a'), tracked('é'))], { mint })
    const [a, b] = linesOf(first)
    const bytes = first.lines.map(({ text }) => byteLength(text))
    expect(a?.state.buffer).toEqual({ pending: 0, bytes: 0, dropped: 0, rejected: 0, shed: 0 })
    expect(b?.state.buffer).toEqual({ pending: 1, bytes: bytes[0], dropped: 0, rejected: 0, shed: 0 })

    const latest = { number: first.state.stream.number, rejected: 7, shed: 0 }
    const delivery = { ...emptyDelivery, forgotten: { lines: 1, bytes: bytes[0] ?? 0 }, rejected: 9, shed: 3, latest }
    const second = stamp(first.state, delivery, [journal(tracked('c'))], environment({ refused: 2, mint }))
    expect(linesOf(second)[0]?.state.buffer).toEqual({ pending: 1, bytes: bytes[1], dropped: 2, rejected: 7, shed: 0 })
  })
})

describe('a pause', () => {
  const sessionsAt = (...minutes: number[]) => {
    const operations = minutes.map((minute) => tracked('a', { at: T0 + minute * MINUTE }))
    const stamped = stampAll(undefined, [journal(...operations)], { accumulators: [session({})] })
    return linesOf(stamped).map(({ state }) => state.session.number)
  }

  test('is the time since the latest event', () => {
    expect(sessionsAt(0, 29, 58, 89)).toEqual([1, 1, 1, 2])
  })

  test('is measured anew after the clock was set back', () => {
    expect(sessionsAt(0, -1_500, -1_499, -1_468)).toEqual([1, 1, 1, 2])
  })
})

describe('after the buffer was emptied', () => {
  const born = T0 - 60_000
  const before = stampAll(undefined, [journal(registered({ plan: 'pro' }), identified('ada'), tracked('a'))], {
    mint: createMint(() => born),
  })
  const forgotten = identityOf(before)
  const emptied: BufferState = { ...emptyState(T0), forgottenAt: T0 }
  const after = (state: BufferState, journals: Journal[], now = T0 + 1_000) =>
    stampAll(state, journals, { now, mint: createMint(() => now) })

  test('what happened before is not stamped, and says why', () => {
    const stamped = after(emptied, [journal(tracked('before', { at: T0 - 1 }), tracked('after', { at: T0 }))])
    expect(stamped.outcomes).toEqual([{ reason: 'forgotten' }, { seq: 1 }])
    expect(named(stamped)).toEqual([['after', 1]])
    expect(stamped.state.dropped).toBe(0)
  })

  test('a clock that was set back forgets nothing that comes', () => {
    const stamped = after(emptied, [journal(tracked('a', { at: T0 - 9_000 }))], T0 - 8_000)
    expect(stamped.outcomes).toEqual([{ seq: 1 }])
  })

  test.each<[when: string, state: BufferState]>([
    ['and nobody has come yet', emptied],
    ['and somebody else is here', after(emptied, [journal(tracked('b', { at: T0 + 10 }))]).state],
  ])('a page that knew the person before brings nothing of them back, %s', (_when, state) => {
    const late = { identity: forgotten, operations: [tracked('late', { at: T0 + 20 })] }
    const [line] = linesOf(after(state, [late]))
    expect(line).toMatchObject({ event: 'late', state: { registered: {} } })
    expect(line?.userId).toBeUndefined()
    expect(line?.anonymousId).not.toBe(forgotten.anonymousId)
    expect(JSON.stringify(line)).not.toContain(forgotten.streamId)
  })

  test('a page that knows the person who came after still tells the two who followed apart', () => {
    const second = after(emptied, [journal(identified('bob', { at: T0 + 10 }))])
    const third = stampAll(second.state, [journal(reset)], { now: T0 + 2_000, mint: createMint(() => T0 + 2_000) })
    const late = { identity: identityOf(second), operations: [tracked('late', { at: T0 + 20 })] }
    const [line] = linesOf(after(third.state, [late], T0 + 3_000))
    expect(line).toMatchObject({ userId: 'bob', anonymousId: identityOf(second).anonymousId })
  })
})

describe('an origin', () => {
  const known = stampAll(undefined, [journal(registered({ plan: 'pro' }), identified('ada'), tracked('a'))])
  const origin = known.state.stream

  test('is whom a store without a stream goes on with, in a stream of its own', () => {
    const stamped = stampAll(undefined, [journal(tracked('b'))], { origin, mint: createMint(() => T0) })
    const [line] = linesOf(stamped)
    expect(line).toMatchObject({
      seq: 1,
      userId: 'ada',
      anonymousId: origin.anonymousId,
      state: { registered: { plan: 'pro' } },
    })
    expect(line?.streamId).not.toBe(origin.streamId)
  })

  test('does not count where there is a stream', () => {
    const other = stampAll(undefined, [journal(tracked('x'))], { mint: createMint(() => T0) })
    const [line] = linesOf(stampAll(other.state, [journal(tracked('y'))], { origin }))
    expect(line).toMatchObject({ seq: 2, streamId: other.state.stream.streamId })
    expect(line?.userId).toBeUndefined()
  })

  test('is left behind by a reset', () => {
    const stamped = stampAll(undefined, [journal(reset, tracked('b'))], { origin, mint: createMint(() => T0) })
    const [line] = linesOf(stamped)
    expect(line?.userId).toBeUndefined()
    expect(line?.anonymousId).not.toBe(origin.anonymousId)
  })
})

test('how many were shed rides on each event', () => {
  const { state } = stampAll(undefined, [journal(tracked('a'))])
  const latest = { number: state.stream.number, rejected: 0, shed: 4 }
  const { lines } = stamp(state, { ...emptyDelivery, latest }, [journal(tracked('b'))], environment())
  expect(parseLine(lines[0]?.text ?? '').state.buffer.shed).toBe(4)
})

test('an event’s priority rides on its line, and low ones are remembered', () => {
  const stamped = stampAll(undefined, [journal(tracked('a', { priority: 'high' }), tracked('b'))])
  expect(stamped.lines.map(({ text }) => JSON.parse(text).priority)).toEqual(['high', undefined])
  expect(stamped.state.low).toBeUndefined()
  const next = stampAll(stamped.state, [journal(tracked('c', { priority: 'low' }))])
  expect(stampAll(next.state, [journal(tracked('d'))]).state.low).toBe(true)
})
