import { byteLength, checkShape } from '@waybill/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SMALL, takeSnapshot } from './snapshot.ts'

/** What JSON carries, what it leaves out, and what makes something else of it. */
const member = fc.oneof(
  { weight: 4, arbitrary: fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.boolean(), fc.constant(null)) },
  fc.constantFrom<unknown>(undefined, Symbol('s'), () => 1, new Date(0), Object('boxed'), [1], { a: { b: 1 } }),
  fc.string({ minLength: 900, maxLength: 1_100 }),
)
const objects = fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), member)

describe('a snapshot', () => {
  test('makes the same JSON as what the app handed over, whatever that is', () => {
    fc.assert(
      fc.property(fc.oneof(objects, fc.array(member), member), (given) => {
        expect(JSON.stringify(takeSnapshot(given).value)).toBe(JSON.stringify(given ?? {}))
      }),
    )
  })

  test('that is small passes all checks', () => {
    fc.assert(
      fc.property(objects, (given) => {
        const { value, isSmall } = takeSnapshot(given)
        fc.pre(isSmall)
        const text = JSON.stringify(value)
        expect(byteLength(text)).toBeLessThanOrEqual(SMALL)
        expect(checkShape(JSON.parse(text), 1)).toBeUndefined()
      }),
    )
  })

  test.each<[string, object]>([
    ['texts that JSON escapes', { t: '\0'.repeat(1_998) }],
    ['texts and names that JSON escapes', { '\0': '\0'.repeat(1_998) }],
    ['names that JSON escapes', { ['\0'.repeat(1_995)]: 1 }],
    ['texts that are half a character', { t: '\ud83d'.repeat(1_998) }],
    [
      'the longest numbers',
      Object.fromEntries(Array.from({ length: 285 }, (_, i) => [`${i + 100}`.slice(1), -2.2250738585072014e-308])),
    ],
    ['members without a name or a text', Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${i}`, '']))],
  ])('of %s is small up to the limit at most', (_what, given) => {
    const { value, isSmall } = takeSnapshot(given)
    expect(isSmall).toBe(true)
    expect(byteLength(JSON.stringify(value))).toBeLessThanOrEqual(SMALL)
  })

  test('is not small beyond the limit', () => {
    expect(takeSnapshot({ t: 'x'.repeat(1_998) }).isSmall).toBe(true)
    expect(takeSnapshot({ t: 'x'.repeat(1_999) }).isSmall).toBe(false)
  })

  test.each<[string, unknown]>([
    ['a nested object', { a: {} }],
    ['a list in an object', { a: [] }],
    ['a date', { a: new Date(0) }],
    ['a BigInt', { a: 1n }],
    ['a member called __proto__', JSON.parse('{"__proto__":1}')],
    ['a list', []],
    ['a text', 'text'],
    [
      'an object of a class',
      new (class {
        a = 1
      })(),
    ],
    ['what says by itself what it is', { toJSON: () => ({}) }],
  ])('of %s is not small', (_what, given) => {
    expect(takeSnapshot(given).isSmall).toBe(false)
  })

  test('is not small where the page has taught all objects to say what they are', () => {
    Object.defineProperty(Object.prototype, 'toJSON', { value: () => 'text', configurable: true })
    try {
      expect(takeSnapshot({ a: 1 }).isSmall).toBe(false)
    } finally {
      Reflect.deleteProperty(Object.prototype, 'toJSON')
    }
  })

  test('does not change with what it was taken of', () => {
    const given: { [name: string]: unknown } = { a: 1 }
    const { value } = takeSnapshot(given)
    given.a = 2
    given.b = 3
    expect(value).toEqual({ a: 1 })
  })

  test('is taken of a getter’s first answer', () => {
    let asked = 0
    const { value, isSmall } = takeSnapshot({
      get a() {
        return ++asked
      },
    })
    expect(isSmall).toBe(true)
    expect(JSON.stringify(value)).toBe('{"a":1}')
    expect(asked).toBe(1)
  })
})
