import { expect, test } from 'vitest'
import { version as published } from '../package.json'
import { version } from './version.ts'

test('the program says the version of its package', () => {
  expect(version).toBe(published)
})
