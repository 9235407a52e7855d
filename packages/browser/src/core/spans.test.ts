import { describe, expect, test } from 'vitest'
import { MINUTE, spanCall, T0 } from '../../test/operations.ts'
import type { SpanOperation } from './operation.ts'
import { abandon, applySpan, type OpenSpan, readSpans, type SpanOutcome, type Spans } from './spans.ts'

const SECOND = 1_000

/** Does calls one after another; what was refused changes nothing. */
function run(...operations: SpanOperation[]) {
  let spans: Spans = {}
  const outcomes: SpanOutcome[] = []
  for (const operation of operations) {
    const outcome = applySpan(spans, operation)
    outcomes.push(outcome)
    if ('spans' in outcome) spans = outcome.spans
  }
  const events = outcomes.flatMap((outcome) =>
    'event' in outcome && outcome.event ? [JSON.parse(outcome.event.text)] : [],
  )
  return { spans, outcomes, events, last: outcomes.at(-1) }
}

const only = (spans: Spans): OpenSpan => Object.values(spans)[0] as OpenSpan
const durationOf = ({ spans }: { spans: Spans }) => only(spans).duration
const propertiesOf = ({ spans }: { spans: Spans }) => only(spans).properties

const id = 'Checkout'

describe('a span', () => {
  test('ends in one event with all that it gathered, when it began and how long it took', () => {
    const { spans, events } = run(
      spanCall('start', { properties: { plan: 'pro', step: 1 } }),
      spanCall('set', { after: 2 * SECOND, properties: { step: 2 } }),
      spanCall('add', { after: 3 * SECOND, properties: { items: 2 } }),
      spanCall('add', { after: 4 * SECOND, properties: { items: 3 } }),
      spanCall('end', { after: 9 * SECOND, properties: { total: 42 }, context: { page: 'thanks' } }),
    )
    expect(events).toEqual([
      {
        type: 'track',
        event: 'Checkout',
        properties: { plan: 'pro', step: 2, items: 5, total: 42 },
        span: { id, startedAt: '2026-11-22T10:00:00.000Z', duration: 9 * SECOND, outcome: 'completed' },
        timestamp: '2026-11-22T10:00:09.000Z',
        monotonic: { boot: 'p', ms: 9 * SECOND },
        context: { page: 'thanks' },
      },
    ])
    expect(spans).toEqual({})
  })

  test('whose event is not to be made is gone without one', () => {
    const { spans, events, last } = run(spanCall('start'), spanCall('drop', { after: SECOND }))
    expect([spans, events, last]).toEqual([{}, [], { spans: {}, id }])
  })

  test('has the outcome that the app says', () => {
    const { events } = run(spanCall('start'), spanCall('end', { outcome: 'declined' }))
    expect(events[0].span.outcome).toBe('declined')
  })

  test('that is started again while it is open goes on, and gathers what comes with that', () => {
    const { spans, events } = run(
      spanCall('start', { properties: { a: 1, b: 1 } }),
      spanCall('start', { after: SECOND, id: 'proposed', properties: { b: 2 } }),
    )
    expect(events).toEqual([])
    expect(Object.keys(spans)).toEqual([id])
    expect(only(spans)).toMatchObject({ startedAt: T0, properties: { a: 1, b: 2 } })
  })

  test('that is started after it has ended is another one', () => {
    const { spans } = run(spanCall('start'), spanCall('end'), spanCall('start', { after: SECOND, id: 'other' }))
    expect(Object.keys(spans)).not.toEqual([id])
    expect(only(spans).startedAt).toBe(T0 + SECOND)
  })

  test('of another name is another one', () => {
    const { spans, events } = run(
      spanCall('start'),
      spanCall('start', { name: 'Video' }),
      spanCall('set', { name: 'Video', properties: { at: 3 } }),
      spanCall('end'),
    )
    expect(events.map(({ event, properties }) => [event, properties])).toEqual([['Checkout', {}]])
    expect(only(spans)).toMatchObject({ name: 'Video', properties: { at: 3 } })
  })

  test.each(['set', 'add', 'end', 'tick', 'leave'] as const)('that is not open takes no %s', (call) => {
    expect(run(spanCall(call)).last).toEqual({ reason: 'span_ended' })
    expect(run(spanCall('start'), spanCall('end'), spanCall(call)).last).toEqual({ reason: 'span_ended' })
  })

  test('is not taken for a later one of its name', () => {
    const { last, spans } = run(
      spanCall('start'),
      spanCall('end'),
      spanCall('start', { id: 'later' }),
      spanCall('end', { id }),
    )
    expect(last).toEqual({ reason: 'span_ended' })
    expect(Object.keys(spans)).toEqual(['later'])
  })

  test('has the id that its start proposes, and answers to that of a later start which went on with it', () => {
    const { outcomes, events } = run(
      spanCall('start', { id: 'first' }),
      spanCall('start', { id: 'second' }),
      spanCall('set', { id: 'second', properties: { a: 1 } }),
      spanCall('end', { id: 'second' }),
      spanCall('end', { id: 'first' }),
    )
    expect(outcomes.slice(0, 4)).toMatchObject(Array.from({ length: 4 }, () => ({ id: 'first' })))
    expect(events).toMatchObject([{ properties: { a: 1 }, span: { id: 'first' } }])
    expect(outcomes[4]).toEqual({ reason: 'span_ended' })
  })

  test('answers to the latest eight of them', () => {
    const starts = Array.from({ length: 10 }, (_, index) => spanCall('start', { id: `${index}` }))
    const known = starts.map(({ id }) => 'spans' in (run(...starts, spanCall('set', { id })).last ?? {}))
    expect(known).toEqual([true, false, ...Array(8).fill(true)])
  })

  test('of which a call does not say the id is no call of ours', () => {
    expect(() => run({ ...spanCall('start'), id: undefined as unknown as string })).toThrow(TypeError)
  })

  test('adds to what was no number as to nothing', () => {
    const { spans } = run(
      spanCall('start', { properties: { a: 'text' } }),
      spanCall('add', { properties: { a: 2, constructor: 1 } }),
    )
    expect(propertiesOf({ spans })).toEqual({ a: 2, constructor: 1 })
  })

  test('takes no number with which the sum is none any more, and stays as it was', () => {
    const { last, spans } = run(
      spanCall('start', { properties: { n: Number.MAX_VALUE } }),
      spanCall('add', { properties: { n: Number.MAX_VALUE } }),
    )
    expect(last).toEqual({ reason: 'not_a_number' })
    expect(propertiesOf({ spans })).toEqual({ n: Number.MAX_VALUE })
  })

  test('may have any name', () => {
    const { events } = run(spanCall('start', { name: '__proto__' }), spanCall('end', { name: '__proto__' }))
    expect(events[0].event).toBe('__proto__')
  })

  test('leaves what it was handed as it was', () => {
    const { spans } = run(spanCall('start', { properties: { a: 1 } }))
    const before = structuredClone(spans)
    for (const call of ['start', 'set', 'add', 'end', 'tick', 'leave'] as const)
      applySpan(spans, spanCall(call, { after: SECOND, id: call === 'start' ? 'other' : id, properties: { a: 2 } }))
    expect(spans).toEqual(before)
  })
})

describe('what it costs', () => {
  const big = { text: 'x'.repeat(12_000) }

  test('properties that no event may have are refused, and the span stays as it was', () => {
    const { last, spans } = run(
      spanCall('start', { properties: big }),
      spanCall('set', { properties: { more: big.text } }),
    )
    expect(last).toEqual({ reason: 'properties_too_large' })
    expect(propertiesOf({ spans })).toEqual(big)
  })

  test('spans that would outgrow the state together are refused', () => {
    const { last, spans } = run(
      spanCall('start', { properties: big }),
      spanCall('start', { name: 'Video', properties: big }),
    )
    expect(last).toEqual({ reason: 'state_too_large' })
    expect(Object.keys(spans)).toHaveLength(1)
  })

  test('twenty may be open, and one that ends makes room', () => {
    const twenty = Array.from({ length: 20 }, (_, index) => spanCall('start', { name: `s${index}` }))
    expect(run(...twenty, spanCall('start', { name: 'one more' })).last).toEqual({ reason: 'state_too_large' })
    const { last } = run(...twenty, spanCall('end', { name: 's3' }), spanCall('start', { name: 'one more' }))
    expect(last).toHaveProperty('id')
  })

  test('where there is no more room a span still ends', () => {
    const { events } = run(
      spanCall('start', { properties: { text: 'x'.repeat(10_000) } }),
      spanCall('start', { name: 'Video', properties: { text: 'x'.repeat(9_000) } }),
      spanCall('end', { properties: { text2: 'x'.repeat(6_000) } }),
    )
    expect(events).toHaveLength(1)
  })
})

describe('its duration', () => {
  test('is what its page ran, whatever the wall clock says', () => {
    const set = [40 * 24 * 60 * MINUTE, -20 * MINUTE, 0]
    const ticks = set.map((by, index) => ({ ...spanCall('tick', { after: (index + 1) * 10 * SECOND }), at: T0 + by }))
    expect(durationOf(run(spanCall('start'), ...ticks))).toBe(30 * SECOND)
  })

  test('does not count the time between a page that was left and the next', () => {
    const { spans } = run(
      spanCall('start'),
      spanCall('leave', { after: 10 * SECOND }),
      spanCall('start', { after: 5 * MINUTE, boot: 'q', ran: 700 }),
      spanCall('tick', { after: 5 * MINUTE + 8 * SECOND, boot: 'q', ran: 8_700 }),
    )
    expect(durationOf({ spans })).toBe(18 * SECOND)
  })

  test('does not count what its page did not run', () => {
    const slept = spanCall('tick', { after: 180 * MINUTE, ran: 12 * SECOND })
    expect(durationOf(run(spanCall('start'), slept))).toBe(12 * SECOND)
  })

  test('counts a time in which two pages had it open once', () => {
    const both = Array.from({ length: 20 }, (_, index) => {
      const after = (index + 1) * 5 * SECOND
      return spanCall('tick', index % 2 ? { after } : { after, boot: 'q', ran: after + 3 })
    })
    expect(durationOf(run(spanCall('start'), ...both))).toBe(100 * SECOND)
  })

  test('of two pages that had it open goes on with the other when one is left', () => {
    const { spans } = run(
      spanCall('start'),
      spanCall('start', { after: SECOND, boot: 'q' }),
      spanCall('tick', { after: 8 * SECOND }),
      spanCall('leave', { after: 11 * SECOND, boot: 'q' }),
      spanCall('tick', { after: 12 * SECOND }),
      spanCall('tick', { after: 20 * SECOND }),
    )
    expect(durationOf({ spans })).toBe(10 * SECOND + 8 * SECOND)
  })

  test('goes on with the other, too, when the one that counted has died', () => {
    const { spans } = run(
      spanCall('start', { boot: 'q' }),
      spanCall('tick', { after: 15 * SECOND, boot: 'q' }),
      spanCall('tick', { after: MINUTE }),
      spanCall('tick', { after: 2 * MINUTE }),
      spanCall('tick', { after: 3 * MINUTE }),
    )
    expect(durationOf({ spans })).toBe(15 * SECOND + MINUTE)
  })

  test('never shrinks, whatever comes late', () => {
    const { spans } = run(
      spanCall('start'),
      spanCall('tick', { after: 30 * SECOND }),
      spanCall('tick', { after: 20 * SECOND }),
      spanCall('tick', { after: 40 * SECOND }),
    )
    expect(durationOf({ spans })).toBe(40 * SECOND)
  })

  test('ends with the last tick of another page where that ends the span', () => {
    const { events } = run(
      spanCall('start'),
      spanCall('tick', { after: 15 * SECOND }),
      spanCall('start', { after: 20 * SECOND, boot: 'q', ran: 100 }),
      spanCall('end', { after: 20 * SECOND, boot: 'q', ran: 100 }),
    )
    expect(events[0].span.duration).toBe(15 * SECOND)
  })
})

test('an abandoned span tells of the last time that a page had it, and of no activity', () => {
  const { spans } = run(
    spanCall('start', { properties: { plan: 'pro' }, context: { page: 'cart' } }),
    spanCall('tick', { after: 15 * SECOND }),
  )
  const { at, text } = abandon(id, only(spans))
  expect(at).toBe(T0 + 15 * SECOND)
  expect(JSON.parse(text)).toEqual({
    type: 'track',
    event: 'Checkout',
    properties: { plan: 'pro' },
    span: { id, startedAt: '2026-11-22T10:00:00.000Z', duration: 15 * SECOND, outcome: 'abandoned' },
    timestamp: '2026-11-22T10:00:15.000Z',
    monotonic: { boot: 'p', ms: 15 * SECOND },
    context: { page: 'cart', active: false },
  })
})

test('of stored spans those that are damaged are left out', () => {
  const { spans } = run(spanCall('start', { properties: { a: 1 } }))
  const whole = only(spans)
  const damaged = [
    null,
    7,
    {},
    { ...whole, duration: 'x' },
    { ...whole, properties: null },
    { ...whole, name: 3 },
    { ...whole, aliases: 'x' },
  ]
  expect(readSpans({ ...damaged, [id]: { ...whole, later: 'release' } })).toEqual({
    [id]: { ...whole, later: 'release' },
  })
  for (const none of [undefined, null, 7, 'x', []]) expect(readSpans(none)).toEqual({})
})
