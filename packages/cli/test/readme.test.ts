import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../..')

test.each(['audit', 'state'])('what the README shows of `waybill %s` is what it prints', (command) => {
  const call = `packages/cli/dist/waybill.js ${command} packages/cli/test/sample`
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const [, shown] = readme.split(`$ node ${call}\n`)
  const { stdout } = spawnSync(process.execPath, call.split(' '), { cwd: root, encoding: 'utf8' })
  expect(shown?.split('```')[0]).toBe(stdout)
})
