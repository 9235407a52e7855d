import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { scale } from '../harness/scale.ts'
import { RUNS, SEED, WORKERS } from './runs.ts'
import { simulate } from './simulate.ts'

const run = promisify(execFile)
const runs = scale === 1 ? RUNS : 100 * RUNS

// As anyone does it from the command line.
test(`${runs} histories: whatever happens, every guarantee holds`, { timeout: 600_000 * scale ** 2 }, async () => {
  const script = join(import.meta.dirname, '..', 'simulate.ts')
  const told = run(process.execPath, [
    script,
    '--runs',
    String(runs),
    '--seed',
    String(SEED),
    '--workers',
    String(WORKERS),
  ])
  told.child.stdout?.pipe(process.stdout)
  const { stdout } = await told
  expect(stdout).toContain(`seed ${SEED}: ${runs} of ${runs} histories`)
})

test('the same seed gives the same history, event for event', { timeout: 60_000 }, async () => {
  const timelines: string[][] = []
  for (let time = 0; time < 2; time += 1) {
    await simulate({ runs: 20, seed: 7, onRun: ({ timeline }) => timelines.push(timeline) })
  }
  expect(timelines.slice(0, 20)).toEqual(timelines.slice(20))
})
