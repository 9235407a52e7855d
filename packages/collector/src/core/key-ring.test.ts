import { expect, test } from 'vitest'
import { createKeyRing, type WriteKey } from './key-ring.ts'

const keyOf = (key: string, id: string): WriteKey => ({ key, id, origins: 'localhost' })

test('a key is found by its whole text', () => {
  const findKey = createKeyRing([keyOf('wk_1', 'one'), keyOf('wk_2', 'two')])
  expect(findKey('wk_1')?.id).toBe('one')
  expect(findKey('wk_2')?.id).toBe('two')
  expect(findKey('wk_')).toBeUndefined()
  expect(findKey('wk_11')).toBeUndefined()
})

test('every key is compared, though one was found before: of two that are alike, the last one shows', () => {
  const findKey = createKeyRing([keyOf('wk_1', 'first'), keyOf('wk_1', 'last'), keyOf('wk_2', 'other')])
  expect(findKey('wk_1')?.id).toBe('last')
})
