import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as collector from '../../packages/collector/src/index.ts'
import { examples, toSinkTable } from '../../packages/collector/test/sink-table.ts'
import { findPart } from './readme-part.ts'

const root = join(import.meta.dirname, '../..')
const sinks = Object.keys(collector).filter((name) => name.endsWith('Sink'))

test('the README says of each sink what it says of itself; `pnpm sinks` writes it', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const { begin, end } = findPart(readme, 'sinks')
  expect(readme.slice(begin, end)).toBe(`${toSinkTable(examples)}\n`)
})

test('no sink of the package is left out of the table, nor of the suite', () => {
  expect(Object.keys(examples).toSorted()).toEqual(sinks.toSorted())
  const suite = readFileSync(join(root, 'packages/collector/test/sinks.test.ts'), 'utf8')
  for (const name of sinks) expect(suite).toContain(`import('./sinks/${name.replace(/Sink$/, '')}.ts')`)
})
