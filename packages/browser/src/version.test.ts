import { expect, test } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { version } from './version.ts'

test('the version that events tell is the package’s', () => {
  expect(version).toBe(manifest.version)
})
