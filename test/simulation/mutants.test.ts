import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { mutants } from './mutants.ts'
import type { Violation } from './oracle.ts'
import { RUNS, SEED, WORKERS } from './runs.ts'

const run = promisify(execFile)

// It must be able to fail: each of these faults shows in the histories that the first worker lets happen in every run.
for (const { name, breaks } of mutants)
  test(`an SDK or a collector that ${name} is found out`, { timeout: 300_000 }, async () => {
    const script = join(import.meta.dirname, 'run-mutant.ts')
    const { stdout } = await run(process.execPath, [script, name, String(RUNS / WORKERS), String(SEED)])
    const violations: Violation[] = JSON.parse(stdout)
    expect(violations.filter(({ guarantee }) => breaks.includes(guarantee))).not.toEqual([])
  })
