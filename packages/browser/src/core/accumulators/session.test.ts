import { describe, expect, test } from 'vitest'
import { foldContext, MINUTE, onPage, seen, T0, valuesAfter } from '../../../test/operations.ts'
import { timestamp } from '../timestamp.ts'
import { type Session, session } from './session.ts'

const after = (idle: number) => foldContext({ idle })
const eventAt = (ms: number) => seen({ timestamp: timestamp(ms) })
const { streamId } = foldContext()

const { fold, initial } = session({})
const first = fold(initial, eventAt(T0), after(0))

test('a person’s first event begins session 1', () => {
  expect(first).toEqual({
    id: `${streamId}.s1`,
    number: 1,
    startedAt: '2026-11-22T10:00:00.000Z',
    events: 1,
    pages: 0,
    entryPage: '',
    referrer: '',
  })
})

test('events within half an hour of each other are of one session, and are counted', () => {
  const second = fold(first, eventAt(T0 + 30 * MINUTE), after(30 * MINUTE))
  const third = fold(second, eventAt(T0 + 59 * MINUTE), after(29 * MINUTE))
  expect([second, third]).toEqual([
    { ...first, events: 2 },
    { ...first, events: 3 },
  ])
})

test('after more than half an hour without an event the next one begins another', () => {
  const at = T0 + 30 * MINUTE + 1
  expect(fold({ ...first, events: 9, pages: 4 }, eventAt(at), after(30 * MINUTE + 1))).toEqual({
    ...first,
    id: `${streamId}.s2`,
    number: 2,
    startedAt: timestamp(at),
  })
})

test('the time can be chosen', () => {
  const short = session({ sessionTimeout: 1_000 })
  expect(short.fold(first, eventAt(T0), after(1_000)).number).toBe(1)
  expect(short.fold(first, eventAt(T0), after(1_001)).number).toBe(2)
})

test('a clock that is set back ends nothing', () => {
  expect(fold(first, eventAt(0), after(-T0)).number).toBe(1)
})

test('midnight ends nothing', () => {
  const midnight = Date.parse('2026-11-23T00:00:00.000Z')
  const before = fold(initial, eventAt(midnight - 1), after(0))
  expect(fold(before, eventAt(midnight), after(1))).toMatchObject({ number: 1, events: 2 })
})

test('the value that it was handed stays as it was', () => {
  const value: Session = Object.freeze({ ...first })
  expect(fold(value, eventAt(T0), after(0))).not.toBe(value)
})

test('pages are counted beside events', () => {
  const page = seen({ type: 'page' })
  const values = valuesAfter([page, seen(), page], initial, (value, event) => fold(value, event, after(0)))
  expect(values.map(({ events, pages }) => [events, pages])).toEqual([
    [1, 1],
    [2, 1],
    [3, 2],
  ])
})

test('what an earlier release has stored is gone on from', () => {
  const { pages: _pages, entryPage: _entryPage, referrer: _referrer, ...former } = first
  expect(fold(former as Session, seen({ type: 'page' }), after(0))).toEqual({ ...former, events: 2, pages: 1 })
})

test('a value that is damaged begins session 1', () => {
  expect(fold('garbage' as unknown as Session, eventAt(T0), after(0))).toEqual(first)
})

describe('where it began', () => {
  const landing = onPage(
    'https://shop.example/shoes?utm_source=news&utm_medium=email&utm_campaign=autumn&utm_id=7&size=42',
    'https://mail.example/inbox',
  )
  const begun = fold(initial, seen(landing), after(0))

  test('is told by the page of its first event', () => {
    expect(begun).toMatchObject({
      entryPage: 'https://shop.example/shoes',
      referrer: 'https://mail.example/inbox',
      campaign: { source: 'news', medium: 'email', name: 'autumn', id: '7' },
    })
  })

  test('stays, wherever the visitor goes', () => {
    const later = fold(begun, seen(onPage('https://shop.example/cart?utm_source=other')), after(0))
    expect(later).toEqual({ ...begun, events: 2 })
  })

  test('is another for the next session', () => {
    const next = fold(begun, seen(onPage('https://shop.example/cart')), after(31 * MINUTE))
    expect(next).toMatchObject({ number: 2, entryPage: 'https://shop.example/cart', referrer: '' })
    expect(next.campaign).toBeUndefined()
  })

  test('takes little room, however long it is', () => {
    const long = 'x'.repeat(5_000)
    const { entryPage, referrer, campaign } = fold(
      initial,
      seen(onPage(`https://shop.example/${long}?utm_source=${long}`, `https://mail.example/${long}`)),
      after(0),
    )
    expect([entryPage, referrer, campaign?.source].map((text) => text?.length)).toEqual([300, 300, 100])
  })

  test.each([
    ['nothing', {}],
    ['something else', { context: { page: 'home' } }],
    ['what is no text', { context: { page: { url: 7, search: { a: 1 }, referrer: null } } }],
  ])('is unknown where the event says %s of its page', (_what, parts) => {
    expect(fold(initial, seen(parts), after(0))).toMatchObject({ entryPage: '', referrer: '' })
  })
})
