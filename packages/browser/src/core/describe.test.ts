import { expect, test } from 'vitest'
import { describe } from './describe.ts'

const mute = {
  toString() {
    throw new Error('no')
  },
}
const { proxy, revoke } = Proxy.revocable({}, {})
revoke()

test.each<[what: string, unknown: unknown, text: string]>([
  ['an error', new TypeError('no'), 'TypeError: no'],
  ['nothing', undefined, 'undefined'],
  ['a symbol', Symbol('no'), 'Symbol(no)'],
  ['an object without prototype', Object.create(null), 'object without a text'],
  ['an object whose text throws', mute, 'object without a text'],
  ['a proxy that was revoked', proxy, 'object without a text'],
])('whatever is thrown has a text: %s', (_what, unknown, text) => {
  expect(describe(unknown)).toBe(text)
})
