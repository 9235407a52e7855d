import { byteLength, checkShape, type JsonObject, limits } from '@waybill/protocol'
import { describe, expect, test } from 'vitest'
import { T0 } from '../../test/operations.ts'
import type { Operation } from './operation.ts'
import { type EventCall, type Moment, toEventOperation, toObject } from './to-operation.ts'

const moment: Moment = {
  monotonic: { boot: '00000000-0000-7000-8000-000000000000', ms: 12.3 },
  context: { locale: 'en' },
}

const convert = (call: EventCall, name: unknown = 'x') => toEventOperation(name, call, T0, moment)
const track = (properties: unknown) => convert({ type: 'track', event: 'x', properties })

const bodyOf = (operation: Operation | string): JsonObject => {
  if (typeof operation === 'string' || operation.kind !== 'event') throw new Error(`it was ${operation}`)
  return JSON.parse(operation.text)
}
const propertiesOf = (properties: unknown) => bodyOf(track(properties)).properties

const common = { timestamp: '2026-11-22T10:00:00.000Z', monotonic: moment.monotonic, context: { locale: 'en' } }

describe('an event is told in the words of the Segment Spec', () => {
  test.each<[EventCall, object]>([
    [
      { type: 'track', event: 'Order Completed', properties: { total: 42 } },
      { type: 'track', event: 'Order Completed', properties: { total: 42 } },
    ],
    [
      { type: 'track', event: 'x', properties: undefined },
      { type: 'track', event: 'x', properties: {} },
    ],
    [
      { type: 'page', name: undefined, properties: undefined },
      { type: 'page', properties: {} },
    ],
    [
      { type: 'page', name: 'Home', properties: { a: 1 } },
      { type: 'page', name: 'Home', properties: { a: 1 } },
    ],
    [
      { type: 'group', groupId: 'g1', traits: { plan: 'pro' } },
      { type: 'group', groupId: 'g1', traits: { plan: 'pro' } },
    ],
  ])('%j', (call, members) => {
    const operation = convert(call)
    expect(operation).toMatchObject({ kind: 'event', at: T0 })
    expect(bodyOf(operation)).toEqual({ ...members, ...common })
  })

  test('identify says who from its own event on, so the id waits for the stamping', () => {
    const operation = convert({ type: 'identify', userId: 'u1', traits: { name: 'Ada' } })
    expect(operation).toMatchObject({ userId: 'u1' })
    expect(bodyOf(operation)).toEqual({ type: 'identify', traits: { name: 'Ada' }, ...common })
  })
})

describe('what the app handed over', () => {
  test('may change afterwards, and the event does not', () => {
    const properties = { total: 42, items: [{ sku: 'a' }] }
    const operation = track(properties)
    properties.total = 0
    properties.items.length = 0
    expect(bodyOf(operation).properties).toEqual({ total: 42, items: [{ sku: 'a' }] })
  })

  test('may change before the text of a small event is written, too', () => {
    const properties: { [name: string]: unknown } = { total: 42 }
    const operation = track(properties)
    properties.total = 0
    properties.more = 1
    expect(bodyOf(operation).properties).toEqual({ total: 42 })
    expect(bodyOf(operation)).toEqual(bodyOf(operation))
  })

  test('is carried as JSON has it', () => {
    expect(
      propertiesOf({
        date: new Date(0),
        nothing: undefined,
        call: () => 1,
        not: Number.NaN,
        list: [undefined, Symbol('s')],
        map: new Map([[1, 2]]),
        text: '\ud83d\ude00 \ud83d',
      }),
    ).toEqual({ date: '1970-01-01T00:00:00.000Z', not: null, list: [null, null], map: {}, text: '😀 \ud83d' })
  })

  test('is asked once', () => {
    let asked = 0
    const properties = {
      get total() {
        return ++asked
      },
      nested: { toJSON: () => ++asked },
    }
    expect(propertiesOf(properties)).toEqual({ total: 1, nested: 2 })
    expect(asked).toBe(2)
  })

  test('is none when it is null or left out', () => {
    expect(propertiesOf(null)).toEqual({})
    expect(propertiesOf(undefined)).toEqual({})
  })

  test('may say by itself what it is', () => {
    expect(propertiesOf({ toJSON: () => ({ a: 1 }) })).toEqual({ a: 1 })
    expect(track({ toJSON: () => 'text' })).toBe('not_an_object')
    expect(track({ toJSON: () => undefined })).toBe('not_an_object')
  })

  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  test.each<[what: string, properties: unknown]>([
    ['a cycle', cycle],
    ['a BigInt', { n: 1n }],
    [
      'a toJSON that throws',
      {
        toJSON: () => {
          throw new Error('no')
        },
      },
    ],
    [
      'a getter that throws',
      {
        get a() {
          throw new Error('no')
        },
      },
    ],
    [
      'a proxy that throws',
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('no')
          },
        },
      ),
    ],
  ])('is refused for %s', (_what, properties) => {
    expect(track(properties)).toBe('not_serialisable')
  })

  test.each<[what: string, properties: unknown]>([
    ['a list', [1, 2]],
    ['a function', () => ({})],
    ['a text', 'text'],
    ['an empty text', ''],
    ['a number', 7],
    ['a truth', false],
    ['a symbol', Symbol('s')],
    ['a text in an object', Object('{')],
  ])('is refused for being %s', (_what, properties) => {
    expect(track(properties)).toBe('not_an_object')
  })

  /** So many levels, itself included. */
  const nested = (levels: number): JsonObject => (levels === 1 ? {} : { a: nested(levels - 1) })
  const listed = (levels: number): JsonObject => ({ a: JSON.parse('['.repeat(levels - 1) + ']'.repeat(levels - 1)) })

  test('may nest as deep as registered properties may, which sit two levels deep in an event', () => {
    for (const shape of [nested, listed]) {
      const { properties } = bodyOf(track(shape(30)))
      expect(checkShape({ state: { registered: properties } }, limits.depth)).toBeUndefined()
      expect(track(shape(31))).toBe('too_deep')
      expect(track(shape(32))).toBe('too_deep')
      expect(track(shape(33))).toBe('too_deep')
    }
    expect(track(nested(1_000))).toBe('too_deep')
  })

  test('may not bring a member called __proto__, at any depth', () => {
    expect(track(JSON.parse('{"__proto__":{"admin":true}}'))).toBe('prototype_member')
    expect(track(JSON.parse('{"a":[{"__proto__":1}]}'))).toBe('prototype_member')
    expect(track({ proto: 1, constructor: 1 })).toBeTypeOf('object')
  })

  test('is measured in bytes of UTF-8', () => {
    const text = (bytes: number) => ({ t: `${bytes % 2 ? 'x' : ''}${'é'.repeat((bytes - 8) / 2)}` })
    expect(byteLength(JSON.stringify(text(16_384)))).toBeLessThanOrEqual(limits.propertiesBytes)
    expect(track({ t: 'x'.repeat(16_384 - 8) })).toBeTypeOf('object')
    expect(track({ t: 'x'.repeat(16_384 - 7) })).toBe('properties_too_large')
    expect(track({ t: 'é'.repeat((16_384 - 8) / 2) })).toBeTypeOf('object')
    expect(track({ t: 'é'.repeat((16_384 - 6) / 2) })).toBe('properties_too_large')
  })

  test('is refused when the event would outgrow its own limit', () => {
    const title = { page: { title: '✓'.repeat(3_000) } }
    const call = { type: 'track' as const, event: 'x', properties: { t: 'x'.repeat(16_000) } }
    expect(toEventOperation('x', call, T0, { ...moment, context: title })).toBe('event_too_large')
    expect(toEventOperation('x', { ...call, properties: {} }, T0, { ...moment, context: title })).toBeTypeOf('object')
  })

  test('is never too large where it was not looked at', () => {
    const worst = '\0'
    const call = { type: 'track' as const, event: worst.repeat(500), properties: { t: worst.repeat(1_998) } }
    // From contexts with which there is room enough to those with which the text is looked at.
    for (const units of [0, 500, 1_000, 1_500, 2_000, 2_500, 3_000, 4_000, 8_000]) {
      const context = { t: '✓'.repeat(units) }
      const operation = toEventOperation(call.event, call, T0, { ...moment, context })
      if (operation === 'event_too_large') continue
      expect(byteLength(JSON.stringify(bodyOf(operation)))).toBeLessThanOrEqual(24_576)
    }
    const few = { ...moment, context: { t: '✓'.repeat(1_500) } }
    expect(toEventOperation(call.event, call, T0, few)).toBeTypeOf('object')
  })

  test.each(['traits', 'properties'])('is refused as %s for the same reasons', (member) => {
    const call = member === 'traits' ? { type: 'group' as const, groupId: 'g' } : { type: 'page' as const, name: 'p' }
    expect(convert({ ...call, [member]: [1] })).toBe('not_an_object')
  })
})

describe('the name or id that a call can’t do without', () => {
  const named = (name: unknown) => convert({ type: 'track', event: name }, name)

  test('is a text of 1 to 500 characters', () => {
    expect(bodyOf(named('x')).event).toBe('x')
    expect(bodyOf(named('✓'.repeat(500))).event).toHaveLength(500)
  })

  test.each(['', 'x'.repeat(501), 7, null, undefined, {}, [], true, Symbol('s')])('is not %o', (name) => {
    expect(toEventOperation(name, { type: 'track', event: name }, T0, moment)).toBe('invalid_name')
  })
})

test('an object alone is copied by the same rules', () => {
  const given = { a: [1, { b: 2 }] }
  const copy = toObject(given)
  expect(copy).toEqual(given)
  expect(copy).not.toBe(given)
  expect(toObject([])).toBe('not_an_object')
  expect(toObject(undefined)).toEqual({})
})
