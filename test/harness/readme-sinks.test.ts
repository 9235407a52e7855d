import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as collector from '../../packages/collector/src/index.ts'
import { examples, toSinkTable } from '../../packages/collector/test/sink-table.ts'
import { findPart } from './readme-part.ts'

const root = join(import.meta.dirname, '../..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const sinks = Object.keys(collector).filter((name) => name.endsWith('Sink'))

test('the README says of each sink what it says of itself; `pnpm sinks` writes it', () => {
  const { begin, end } = findPart(readme, 'sinks')
  expect(readme.slice(begin, end)).toBe(`${toSinkTable(examples)}\n`)
})

test('no sink of the package is left out of the table, nor of the suite', () => {
  expect(Object.keys(examples).toSorted()).toEqual(sinks.toSorted())
  const suite = readFileSync(join(root, 'packages/collector/test/sinks.test.ts'), 'utf8')
  for (const name of sinks) expect(suite).toContain(`import('./sinks/${name.replace(/Sink$/, '')}.ts')`)
})

test("the README's collector with three sinks is one", async () => {
  const [, code = ''] = /^```ts\n(import \{ createCollector.*?)^```/ms.exec(readme) ?? []
  const body = stripTypeScriptTypes(code)
    .replace(/^import (\{.*\}) from '@waybill\/collector'/, 'const $1 = collector')
    .replace('export const toCollector =', 'return')
  const toCollector = new Function('collector', body)(collector)
  const app = toCollector({ S3_KEY_ID: 'AKIA…', S3_SECRET: 'secret', SEGMENT_WRITE_KEY: 'abc123', EVENTS: {} })
  expect(await (await app.request('/health')).json()).toMatchObject({ status: 'ok', sinks: ['s3', 'segment'] })
})
