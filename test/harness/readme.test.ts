import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mutants } from '../simulation/mutants.ts'

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')

test('the README says how many broken copies of the code there are', () => {
  const [, count] = /each of (\d+)\s+\[broken copies\]/.exec(readme) ?? []
  expect(Number(count)).toBe(mutants.length)
})
