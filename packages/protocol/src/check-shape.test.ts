import { expect, test } from 'vitest'
import { checkShape } from './check-shape.ts'

const lists = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
const objects = (depth: number): unknown => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)

test('values may nest as deep as allowed, and no deeper', () => {
  expect(checkShape(lists(32), 32)).toBeUndefined()
  expect(checkShape(objects(32), 32)).toBeUndefined()
  expect(checkShape(lists(33), 32)).toBe('too_deep')
  expect(checkShape(objects(33), 32)).toBe('too_deep')
})

test('values that hold nothing else are no level', () => {
  expect(checkShape('text', 0)).toBeUndefined()
  expect(checkShape(null, 0)).toBeUndefined()
})

test('10,000 levels are too deep, and no stack overflows', () => {
  expect(checkShape(lists(10_000), 32)).toBe('too_deep')
  expect(checkShape(objects(10_000), 32)).toBe('too_deep')
})

test('a member called __proto__ is found wherever it is, however it is written', () => {
  expect(checkShape(JSON.parse('{"__proto__":1}'), 32)).toBe('prototype_member')
  expect(checkShape(JSON.parse('{"a":[{"b":{"\\u005f_proto__":{}}}]}'), 32)).toBe('prototype_member')
  expect(checkShape(JSON.parse('{"a":"__proto__","proto":{"constructor":1}}'), 32)).toBeUndefined()
})
