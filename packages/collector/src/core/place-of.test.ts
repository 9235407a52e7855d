import { expect, test } from 'vitest'
import { placeOf } from './place-of.ts'

const withStack = (...frames: string[]) => Object.assign(new Error(), { stack: ['Error: x:1:1', ...frames].join('\n') })

test.each<[place: string | undefined, frames: string[]]>([
  ['collector.config.ts:2:21', ['    at JSON.parse (<anonymous>)', '    at file:///srv/app/collector.config.ts:2:21']],
  ['a.mjs:3:4', ['    at toConfiguration (file:///srv/app/a.mjs:3:4)', '    at configure (/srv/b.js:1:1)']],
  ['a.mjs:3:4', ['    at readFileSync (node:fs:441:20)', '    at Object.run (C:\\srv\\a.mjs:3:4)']],
  // Of a module that cannot be read, only who imports it has a place.
  [undefined, ['    at load (node:internal/modules/esm/utils:346:16)', '    at async file:///srv/app/t.mjs:1:59']],
  [undefined, []],
])('%s', (place, frames) => {
  expect(placeOf(withStack(...frames))).toBe(place)
})

test('what has no stack has no place', () => {
  expect(placeOf('a text')).toBe(undefined)
})
