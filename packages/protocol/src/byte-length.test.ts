import { expect, test } from 'vitest'
import { byteLength } from './byte-length.ts'

test('a text is measured as UTF-8', () => {
  expect([byteLength(''), byteLength('abc'), byteLength('é'), byteLength('✓'), byteLength('😀')]).toEqual([
    0, 3, 2, 3, 4,
  ])
})
