import { describe, expect, test } from 'vitest'
import { T0 } from '../../test/operations.ts'
import { type OutgoingEvent, review } from './before-send.ts'
import type { EventOperation } from './operation.ts'
import { type EventCall, toEventOperation } from './to-operation.ts'

const moment = { monotonic: { boot: 'b', ms: 12 }, context: { page: { url: 'https://shop.example/?token=secret' } } }
const operationOf = (name: string, call: EventCall) => toEventOperation(name, call, T0, moment) as EventOperation

const bought = operationOf('Bought', { type: 'track', event: 'Bought', properties: { total: 42 }, priority: 'high' })
const signedUp = operationOf('u1', { type: 'identify', userId: 'u1', traits: { email: 'a@example.com' } })
const joined = operationOf('g1', { type: 'group', groupId: 'g1', traits: {} })
const viewed = operationOf('page', { type: 'page', properties: {} })

const textOf = (operation: EventOperation | string) => {
  if (typeof operation === 'string') throw new Error(`it was ${operation}`)
  return JSON.parse(operation.text)
}

describe('an event', () => {
  test('is shown as it will be stored', () => {
    const shown: OutgoingEvent[] = []
    for (const operation of [bought, signedUp, joined, viewed]) review(operation, (event) => void shown.push(event))
    expect(shown[0]).toEqual({
      type: 'track',
      event: 'Bought',
      properties: { total: 42 },
      timestamp: '2026-11-22T10:00:00.000Z',
      ...moment,
    })
    expect(shown.slice(1)).toMatchObject([
      { type: 'identify', userId: 'u1', traits: { email: 'a@example.com' } },
      { type: 'group', groupId: 'g1' },
      { type: 'page' },
    ])
  })

  test.each([
    ['track', bought],
    ['identify', signedUp],
    ['group', joined],
    ['page', viewed],
  ])('that comes back as it was is as it was: %s', (_type, operation) => {
    expect(review(operation, (event) => event)).toEqual(operation)
  })

  test('can be changed: name, properties, traits, ids, context', () => {
    const changed = review(bought, (event) => ({
      ...event,
      event: 'Ordered',
      properties: { total: 40 },
      context: { page: { url: 'https://shop.example/' } },
    }))
    expect(textOf(changed)).toMatchObject({
      event: 'Ordered',
      properties: { total: 40 },
      context: { page: { url: 'https://shop.example/' } },
    })
    expect(changed).toMatchObject({ priority: 'high', at: T0 })
    const other = review(signedUp, (event) => ({ ...event, userId: 'hashed', traits: {} }))
    expect(other).toMatchObject({ userId: 'hashed' })
    expect(textOf(other).traits).toEqual({})
    expect(textOf(review(viewed, (event) => ({ ...event, name: 'Home' }))).name).toBe('Home')
    expect(textOf(review(joined, (event) => ({ ...event, groupId: 'g2' }))).groupId).toBe('g2')
  })

  test('that is changed in place is what was returned', () => {
    const changed = review(signedUp, (event) => {
      delete event.traits?.email
      return event
    })
    expect(textOf(changed).traits).toEqual({})
  })

  test('keeps its type and its times, and gets no member that is not its own', () => {
    const forged = { type: 'page', timestamp: 'then', monotonic: { boot: 'x', ms: 0 }, seq: 7, state: {}, received: {} }
    const changed = review(bought, (event) => ({ ...event, userId: 'u9', ...forged }) as OutgoingEvent)
    expect(changed).toEqual(bought)
  })
})

test.each([
  ['null', null],
  ['nothing', undefined],
])('an event is dropped by %s', (_what, answer) => {
  expect(review(bought, () => answer)).toBe('before_send')
})

test.each<[what: string, answer: unknown]>([
  ['a flag', true],
  ['a text', 'Bought'],
])('%s is no answer', (_what, answer) => {
  expect(() => review(bought, () => answer)).toThrow('it must return an event, or null to drop it')
})

test('a promise is no answer, and nobody hears of its end', () => {
  expect(() => review(bought, () => Promise.reject(new Error('late')))).toThrow('a promise')
})

test('what it throws is thrown', () => {
  expect(() =>
    review(bought, () => {
      throw new Error('no')
    }),
  ).toThrow('no')
})

test.each<[reason: string, change: (event: OutgoingEvent) => unknown]>([
  ['invalid_name', (event) => ({ ...event, event: '' })],
  ['not_an_object', (event) => ({ ...event, properties: 'x' })],
  ['not_an_object', (event) => ({ ...event, context: [] })],
  ['properties_too_large', (event) => ({ ...event, properties: { text: 'x'.repeat(20_000) } })],
  ['too_deep', (event) => ({ ...event, context: JSON.parse('{"a":'.repeat(40) + 1 + '}'.repeat(40)) })],
  ['not_serialisable', (event) => ({ ...event, properties: { big: 1n } })],
])('what it makes of an event passes the same checks: %s', (reason, change) => {
  expect(review(bought, change)).toBe(reason)
})
