import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMint, environment, MINUTE, parseLine, reset, spanCall, T0, tracked } from '../../test/operations.ts'
import type { TrackedEvent } from './accumulator.ts'
import { type Session, session } from './accumulators/session.ts'
import type { Journal, Operation } from './operation.ts'
import { type BufferState, emptyDelivery } from './records.ts'
import { type StampEnvironment, stamp } from './stamp.ts'

const SECOND = 1_000
const DAY = 1_440 * MINUTE

/** One buffer: each call is a transaction, and what it made is told in short. */
function createBuffer(parts: Partial<StampEnvironment> = {}) {
  const mint = createMint(() => T0)
  const lines: string[] = []
  const buffer = {
    state: undefined as BufferState | undefined,
    events: () => lines.map(parseLine),
    stamp(after: number, journals: Journal[], more: Partial<StampEnvironment> = {}) {
      const accumulators = [session({})]
      const given = environment({ mint, accumulators, ...parts, now: T0 + after, ...more })
      const stamped = stamp(buffer.state, emptyDelivery, journals, given)
      buffer.state = stamped.state
      lines.push(...stamped.lines.map(({ text }) => text))
      return stamped
    },
    /** The page's own calls, at this time. */
    do: (after: number, ...operations: Operation[]) =>
      buffer.stamp(after, operations.length > 0 ? [{ operations }] : []),
    /** Each event with its outcome, if it has one, and its session's number. */
    told: () =>
      buffer.events().map(({ event, span, state }) => [event, ...(span ? [span.outcome] : []), state.session.number]),
    open: () => Object.keys(buffer.state?.stream?.spans ?? {}).length,
  }
  return buffer
}

const at = (after: number, event = 'a') => tracked(event, { at: T0 + after })
const resetAt = (after: number): Operation => ({ ...reset, at: T0 + after })

describe('a span that is left', () => {
  const left = (parts: Partial<StampEnvironment> = {}) => {
    const buffer = createBuffer(parts)
    buffer.do(0, at(0), spanCall('start', { properties: { plan: 'pro' } }))
    buffer.do(15 * SECOND, spanCall('tick', { after: 15 * SECOND }))
    return buffer
  }

  test('lies in the state, and on no event', () => {
    const buffer = left()
    buffer.do(MINUTE, at(MINUTE))
    expect(buffer.open()).toBe(1)
    expect(JSON.stringify(buffer.events())).not.toContain('Checkout')
  })

  test('is open for as long as a session would be', () => {
    const buffer = left()
    buffer.do(15 * SECOND + 30 * MINUTE)
    expect(buffer.told()).toEqual([['a', 1]])
  })

  test('is abandoned as it was at its last tick by whoever comes next, though nothing else is to be stamped', () => {
    const buffer = left()
    buffer.do(15 * SECOND + 30 * MINUTE + 1)
    expect(buffer.told()).toEqual([
      ['a', 1],
      ['Checkout', 'abandoned', 1],
    ])
    expect(buffer.events()[1]).toMatchObject({
      seq: 2,
      timestamp: '2026-11-22T10:00:15.000Z',
      properties: { plan: 'pro' },
      span: { startedAt: '2026-11-22T10:00:00.000Z', duration: 15 * SECOND },
    })
    buffer.do(3 * DAY)
    expect(buffer.told()).toHaveLength(2)
  })

  test('is abandoned before what is stamped next, in the session in which it was left', () => {
    const buffer = left()
    buffer.do(DAY, at(DAY, 'next'))
    expect(buffer.told()).toEqual([
      ['a', 1],
      ['Checkout', 'abandoned', 1],
      ['next', 2],
    ])
  })

  test('is not taken up by a start that comes too late', () => {
    const buffer = left()
    buffer.do(DAY, spanCall('start', { after: DAY }))
    expect(buffer.told()).toEqual([
      ['a', 1],
      ['Checkout', 'abandoned', 1],
    ])
    expect(buffer.open()).toBe(1)
    expect(Object.values(buffer.state?.stream?.spans ?? {})).toMatchObject([{ startedAt: T0 + DAY, properties: {} }])
  })

  test('is not abandoned before what pages have left behind raw is heard', () => {
    const buffer = left()
    const tick = spanCall('tick', { after: 20 * MINUTE, ran: 20 * MINUTE })
    const end = spanCall('end', { after: 45 * MINUTE, ran: 45 * MINUTE })
    buffer.stamp(DAY, [{ operations: [tick] }, { operations: [end] }])
    expect(buffer.told()).toEqual([
      ['a', 1],
      ['Checkout', 'completed', 2],
    ])
  })

  test('is not abandoned for what was left behind raw long before', () => {
    const buffer = left()
    buffer.stamp(MINUTE, [{ operations: [tracked('old', { at: T0 - 2 * DAY })] }])
    expect(buffer.open()).toBe(1)
  })

  test('is refused a late end, which is counted', () => {
    const buffer = left()
    const [id] = Object.keys(buffer.state?.stream?.spans ?? {})
    buffer.do(DAY)
    const end = spanCall('end', { after: DAY, id })
    expect(buffer.do(DAY, end).outcomes).toEqual([{ reason: 'span_ended' }])
    expect(buffer.state?.dropped).toBe(1)
    buffer.do(DAY, spanCall('tick', { after: DAY, id }))
    expect(buffer.state?.dropped).toBe(1)
    expect(buffer.told()).toHaveLength(2)
  })

  test('is not abandoned by the word of a page that has it open still, however long that slept', () => {
    const buffer = left()
    buffer.do(DAY, spanCall('set', { after: DAY, ran: 16 * SECOND, properties: { late: true } }))
    expect(Object.values(buffer.state?.stream?.spans ?? {})).toMatchObject([
      { startedAt: T0, duration: 16 * SECOND, properties: { plan: 'pro', late: true } },
    ])
  })

  test('is not abandoned by the page that has it open, however long it slept', () => {
    const buffer = left({ holdsSpan: () => true })
    buffer.do(DAY, at(DAY))
    expect(buffer.open()).toBe(1)
  })

  test('is not abandoned by a page that has it open under the id that its own start proposed', () => {
    const buffer = left({ holdsSpan: (id) => id === 'own' })
    buffer.do(MINUTE, spanCall('start', { after: MINUTE, id: 'own' }))
    buffer.do(DAY, at(DAY), spanCall('set', { after: DAY, id: 'own', properties: { late: true } }))
    expect(Object.values(buffer.state?.stream?.spans ?? {})).toMatchObject([{ properties: { late: true } }])
  })

  test.each([
    ['forward', 40 * DAY],
    ['back', -DAY],
  ])('is not abandoned by a clock that was just set %s', (_way, by) => {
    const buffer = left()
    buffer.stamp(by, [{ operations: [at(by)] }], { isSteady: false })
    buffer.do(by, { ...spanCall('tick', { after: 20 * SECOND }), at: T0 + by })
    buffer.do(by + MINUTE)
    expect(buffer.open()).toBe(1)
    buffer.do(by + 31 * MINUTE)
    expect(buffer.events().at(-1)?.span).toMatchObject({ outcome: 'abandoned', duration: 20 * SECOND })
  })

  test('is abandoned, too, where the clock was set back since', () => {
    const buffer = left()
    buffer.do(-DAY)
    expect(buffer.told()).toEqual([
      ['a', 1],
      ['Checkout', 'abandoned', 1],
    ])
  })

  test('does not outlive its person: it is abandoned in the stream of before', () => {
    const buffer = left()
    buffer.do(MINUTE, resetAt(MINUTE), at(MINUTE, 'next'))
    const [before, abandoned, next] = buffer.events()
    expect(abandoned).toMatchObject({ streamId: before?.streamId, anonymousId: before?.anonymousId, seq: 2 })
    expect(abandoned?.span?.outcome).toBe('abandoned')
    expect(next).toMatchObject({ event: 'next', seq: 1 })
    expect(buffer.open()).toBe(0)
  })

  test('of a person of before, heard of late, is told of at once in that person’s own stream', () => {
    const buffer = left()
    const { streamId = '', anonymousId = '' } = buffer.events()[0] ?? {}
    buffer.do(MINUTE, resetAt(MINUTE))
    const identity = { streamId, anonymousId } as NonNullable<Journal['identity']>
    buffer.stamp(MINUTE, [{ identity, operations: [spanCall('start', { after: MINUTE, name: 'Late' })] }])
    expect(buffer.events().at(-1)).toMatchObject({ event: 'Late', anonymousId, span: { outcome: 'abandoned' } })
    expect(buffer.open()).toBe(0)
  })

  test('that is damaged harms nothing, and is counted', () => {
    const buffer = left()
    const stream = buffer.state?.stream
    Object.assign(stream ?? {}, { spans: { ...stream?.spans, x: { name: 'x' }, y: null } })
    expect(buffer.do(DAY, at(DAY)).outcomes).toEqual([{ seq: 3 }])
    expect(buffer.state?.dropped).toBe(2)
    expect(buffer.open()).toBe(0)
  })

  test('is not told of a session that goes on, when what a page has left behind is stamped late', () => {
    const buffer = createBuffer({ sessionEnded: true })
    buffer.do(0, at(0))
    buffer.do(40 * MINUTE, at(40 * MINUTE, 'b'))
    buffer.stamp(41 * MINUTE, [{ tab: 'another', run: 1, operations: [at(MINUTE, 'late')] } as Journal])
    buffer.do(42 * MINUTE, at(42 * MINUTE, 'c'))
    expect(buffer.told()).toEqual([
      ['a', 1],
      ['Session Ended', 1],
      ['b', 2],
      ['late', 2],
      ['c', 2],
    ])
  })

  test('that was abandoned is no sign of anybody: the session is as old as before', () => {
    const buffer = createBuffer()
    buffer.do(0, at(0), spanCall('start'))
    buffer.do(20 * MINUTE, spanCall('tick', { after: 20 * MINUTE }))
    buffer.do(51 * MINUTE, at(51 * MINUTE, 'next'))
    expect(buffer.told()).toEqual([
      ['a', 1],
      ['Checkout', 'abandoned', 1],
      ['next', 2],
    ])
  })
})

describe('Session Ended', () => {
  const open = (...operations: Operation[]) => {
    const buffer = createBuffer({ sessionEnded: true })
    buffer.do(MINUTE, at(0), at(MINUTE), ...operations)
    return buffer
  }

  test('is told once by whoever finds the session over, with its totals, when its last event was', () => {
    const buffer = open()
    buffer.do(31 * MINUTE)
    expect(buffer.events()).toHaveLength(2)
    buffer.do(31 * MINUTE + 1)
    buffer.do(DAY)
    expect(buffer.told()).toEqual([
      ['a', 1],
      ['a', 1],
      ['Session Ended', 1],
    ])
    expect(buffer.events()[2]).toMatchObject({
      type: 'track',
      timestamp: '2026-11-22T10:01:00.000Z',
      state: { session: { number: 1, events: 3, ended: true } },
    })
  })

  test('comes before what begins the next one', () => {
    const buffer = open()
    buffer.do(DAY, at(DAY, 'next'))
    buffer.do(2 * DAY, at(2 * DAY, 'next'))
    expect(buffer.told().slice(2)).toEqual([
      ['Session Ended', 1],
      ['next', 2],
      ['Session Ended', 2],
      ['next', 3],
    ])
  })

  test('comes after the spans that were left in it', () => {
    const buffer = open(spanCall('start', { after: MINUTE }))
    buffer.do(DAY)
    expect(buffer.told().slice(2)).toEqual([
      ['Checkout', 'abandoned', 1],
      ['Session Ended', 1],
    ])
  })

  test('waits for a span that is still open, unless something begins the next session', () => {
    const buffer = open(spanCall('start', { after: MINUTE }))
    buffer.do(40 * MINUTE, spanCall('tick', { after: 20 * MINUTE }), spanCall('tick', { after: 40 * MINUTE }))
    expect(buffer.told()).toHaveLength(2)
    buffer.do(50 * MINUTE, spanCall('end', { after: 50 * MINUTE }))
    expect(buffer.told().slice(2)).toEqual([
      ['Session Ended', 1],
      ['Checkout', 'completed', 2],
    ])
  })

  test('comes when the person does, in that person’s stream', () => {
    const buffer = open()
    buffer.do(2 * MINUTE, resetAt(2 * MINUTE), at(2 * MINUTE, 'next'))
    expect(buffer.told()).toEqual([
      ['a', 1],
      ['a', 1],
      ['Session Ended', 1],
      ['next', 1],
    ])
    expect(
      new Set(
        buffer
          .events()
          .slice(0, 3)
          .map(({ streamId }) => streamId),
      ).size,
    ).toBe(1)
  })

  test('is not told of a person without an event', () => {
    const buffer = createBuffer({ sessionEnded: true })
    buffer.do(0, resetAt(0))
    buffer.do(DAY, resetAt(DAY))
    expect(buffer.events()).toEqual([])
  })

  test('is the last of its session: what comes late begins another', () => {
    const buffer = open()
    buffer.do(DAY)
    buffer.do(DAY, at(5 * MINUTE, 'late'))
    expect(buffer.told().slice(2)).toEqual([
      ['Session Ended', 1],
      ['late', 2],
      ['Session Ended', 2],
    ])
  })

  test('is not told of a session that another stream began, which goes on in memory while the store fails', () => {
    const stored = open()
    const memory = createBuffer({ sessionEnded: true, mint: createMint(() => T0 + 1) })
    const origin = stored.state?.stream
    memory.stamp(2 * MINUTE, [{ operations: [at(2 * MINUTE)] }], { ...(origin && { origin }) })
    memory.do(DAY, at(DAY))
    expect(memory.told()).toEqual([
      ['a', 1],
      ['a', 2],
    ])
  })

  test('that the app tracks itself ends nothing', () => {
    const buffer = createBuffer()
    buffer.do(MINUTE, at(0, 'Session Ended'), at(MINUTE))
    expect(buffer.told()).toEqual([
      ['Session Ended', 1],
      ['a', 1],
    ])
  })

  test('is not told unless it is asked for', () => {
    const buffer = createBuffer()
    buffer.do(0, at(0))
    buffer.do(DAY, at(DAY), resetAt(DAY))
    expect(buffer.told()).toEqual([
      ['a', 1],
      ['a', 2],
    ])
  })

  test('is followed by another session where a visitor only starts what is abandoned', () => {
    const buffer = open()
    buffer.do(DAY, spanCall('start', { after: DAY }))
    buffer.do(2 * DAY)
    expect(buffer.told().slice(2)).toEqual([
      ['Session Ended', 1],
      ['Checkout', 'abandoned', 2],
      ['Session Ended', 2],
    ])
  })

  test('over midnight there is one session, and one span', () => {
    const midnight = Date.parse('2026-11-23T00:00:00.000Z') - T0
    const buffer = createBuffer({ sessionEnded: true })
    buffer.do(midnight, at(midnight - 10_000), spanCall('start', { after: midnight - 10_000 }))
    buffer.do(midnight, at(midnight), spanCall('end', { after: midnight + 10_000 }))
    expect(buffer.told()).toEqual([
      ['a', 1],
      ['a', 1],
      ['Checkout', 'completed', 1],
    ])
    expect(buffer.events()[2]?.span).toMatchObject({ startedAt: '2026-11-22T23:59:50.000Z', duration: 20_000 })
  })
})

describe('whatever pages do, and however clocks are set', () => {
  const step = fc.record({
    wait: fc.oneof(fc.nat(20 * SECOND), fc.nat(70 * MINUTE)),
    jump: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.integer({ min: -2 * DAY, max: 2 * DAY })),
    page: fc.constantFrom('p', 'q'),
    calls: fc.array(
      fc.constantFrom('track', 'start', 'start', 'set', 'end', 'tick', 'tick', 'leave', 'reset') as fc.Arbitrary<
        'track' | 'reset' | 'start' | 'set' | 'end' | 'tick' | 'leave'
      >,
      { maxLength: 4 },
    ),
    name: fc.constantFrom('Checkout', 'Video'),
    isSteady: fc.boolean(),
  })

  type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

  /** Hours in which two pages do this, and two quiet days after. */
  function live(steps: Step[]) {
    const buffer = createBuffer({ sessionEnded: true })
    let time = 0
    let latest = 0
    let ran = 0
    let starts = 0
    const handles = new Map<string, string>()
    for (const { wait, jump, page, calls, name, isSteady } of steps) {
      time += wait + jump
      latest = Math.max(latest, time)
      ran += wait
      const operations = calls.map((call): Operation => {
        if (call === 'track') return at(time)
        if (call === 'reset') return resetAt(time)
        const handle = page + name
        if (call === 'start') handles.set(handle, String(++starts))
        return spanCall(call, { after: time, ran, boot: page, name, id: handles.get(handle) ?? 'none' })
      })
      buffer.stamp(time, [{ operations }], { isSteady })
    }
    // A session that seems to lie in times to come is not over before those have come.
    buffer.do(latest + DAY)
    buffer.do(latest + 2 * DAY)
    return { buffer, ran, streams: Map.groupBy(buffer.events(), ({ streamId }) => streamId) }
  }

  const property = (holds: (life: ReturnType<typeof live>) => void) =>
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => holds(live(steps))),
      { numRuns: 500 },
    )

  test('each span that was started ends once, and took no longer than pages ran', () => {
    property(({ buffer, ran }) => {
      const spans = buffer.events().flatMap(({ span }) => span ?? [])
      expect(new Set(spans.map(({ id }) => id)).size).toBe(spans.length)
      expect(buffer.open()).toBe(0)
      for (const { duration } of spans) expect(duration >= 0 && duration <= ran).toBe(true)
    })
  })

  test('each session ends once, with its last event', () => {
    property(({ buffer }) => {
      for (const events of Map.groupBy(buffer.events(), ({ state }) => state.session.id).values())
        expect(events.map(({ event }) => event).indexOf('Session Ended')).toBe(events.length - 1)
    })
  })

  test('a stream’s events, folded again, give each the session that it carries', () => {
    property(({ streams }) => {
      for (const [streamId, events] of streams) {
        let value: Session = session({}).initial
        let latest: number | undefined
        for (const line of events) {
          const when = Date.parse(line.timestamp)
          const context = { idle: when - (latest ?? when), streamId, measured: 0 }
          value = session({}).fold(value, line as unknown as TrackedEvent, context)
          expect(line.state.session).toEqual(value)
          if (line.context?.active !== false || value.events === 1) latest = when
        }
      }
    })
  })
})

test('a span that a page starts for a person who has gone has nothing of that page’s clock or values', () => {
  const buffer = createBuffer()
  buffer.do(0, at(0))
  const { anonymousId } = buffer.state?.stream ?? {}
  buffer.do(SECOND, resetAt(SECOND))
  buffer.do(2 * SECOND, spanCall('start', { after: 2 * SECOND, anonymousId }))
  buffer.do(3 * SECOND, spanCall('end', { after: 3 * SECOND, anonymousId, page: { scroll: 7 } }))
  const ended = buffer.events().at(-1)
  expect(ended).toMatchObject({ event: 'Checkout', monotonic: { ms: 0 } })
  expect(ended?.monotonic?.boot).not.toBe('p')
  expect(ended?.state).not.toHaveProperty('scroll')
})
