import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findPart } from './harness/readme-part.ts'
import { toFaultTable } from './harness/scenarios/fault-table.ts'
import { readMeasured } from './harness/scenarios/measurements.ts'

// Brings every fault about in every engine, and writes what became of the events into the README.

const root = join(import.meta.dirname, '..')
const readme = join(root, 'README.md')

const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'e2e', 'test/e2e/engines'], {
  cwd: root,
  stdio: 'inherit',
})

const measured = await Promise.all((['Chromium', 'Firefox', 'WebKit'] as const).map(readMeasured))
const text = await readFile(readme, 'utf8')
const { begin, end } = findPart(text, 'faults')
await writeFile(readme, `${text.slice(0, begin)}${toFaultTable(measured)}\n${text.slice(end)}`)
process.exitCode = status ?? 1
