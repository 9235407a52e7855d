import { type ChildProcess, execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scale } from '../harness/scale.ts'
import { RUNS, SEED, WORKERS } from './runs.ts'
import { simulate } from './simulate.ts'

const runs = scale === 1 ? RUNS : 100 * RUNS

/** What the command printed, and how it ended. */
interface Told {
  code: number | null
  stdout: string
  stderr: string
}

/** The command as anyone runs it; `onStart` is handed the process. */
function command(args: (string | number)[], nodeArgs: string[] = [], onStart = (_: ChildProcess) => {}): Promise<Told> {
  const script = join(import.meta.dirname, '..', 'simulate.ts')
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [...nodeArgs, script, ...args.map(String)], (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    )
    onStart(child)
  })
}

/** The command in a world in which histories go like this: the body of a function of a `history`. */
function commandWhere(body: string, args: (string | number)[], onStart?: (child: ChildProcess) => void) {
  const world = `
    import { isMainThread, workerData } from 'node:worker_threads'
    const holds = { violations: [], timeline: ['it happened'], events: 1, faults: new Map() }
    export async function runHistory(history) { ${body} }`
  const preload = `
    import { registerHooks } from 'node:module'
    registerHooks({
      load: (url, context, next) => url.endsWith('/simulation/world.ts')
        ? { format: 'module', shortCircuit: true, source: ${JSON.stringify(world)} }
        : next(url, context)
    })`
  return command(args, ['--import', `data:text/javascript,${encodeURIComponent(preload)}`], onStart)
}

test(`${runs} histories: whatever happens, every guarantee holds`, { timeout: 600_000 * scale ** 2 }, async () => {
  const { stdout, stderr, code } = await command(
    ['--runs', runs, '--seed', SEED, '--workers', WORKERS],
    [],
    ({ stdout }) => stdout?.pipe(process.stdout),
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain(`seed ${SEED}: ${runs} of ${runs} histories`)
})

test('the same seed gives the same history, event for event', { timeout: 300_000 }, async () => {
  const timelines: string[][] = []
  for (let time = 0; time < 2; time += 1) {
    await simulate({ runs: 20, seed: 7, onRun: ({ timeline }) => timelines.push(timeline) })
  }
  expect(timelines.slice(0, 20)).toEqual(timelines.slice(20))
})

const STANDS_STILL = 'await new Promise(() => setTimeout(() => {}, 3_600_000))'
/** So that there is something to take out of it. */
const AT_A_CRASH = "if (history.steps.some(({ action }) => action.do === 'crash'))"

const thrown = [
  ['that throws', "throw new Error('oops')", 'an exception ended the run'],
  ['that leaves a rejection unhandled', "Promise.reject(new Error('oops'))", 'a rejection was left unhandled'],
  [
    'in which nobody catches what a task throws',
    "setImmediate(() => { throw new Error('oops') })",
    'an exception was left uncaught',
  ],
] as const

for (const [what, statement, how] of thrown)
  test(`a history ${what} fails: it is told as others are, shortened, and seen again`, {
    timeout: 300_000,
  }, async () => {
    const body = `${AT_A_CRASH} { ${statement} } return holds`
    const { code, stderr } = await commandWhere(body, ['--runs', 1_000, '--seed', 3, '--workers', 2])
    const told = stderr.split(/^(?=G10 does not hold)/m).slice(1)
    expect({ code, times: told.length }).toEqual({ code: 1, times: 2 })
    const [first = '', shortest = ''] = told
    expect(first).toContain(`${how}: Error: oops`)
    expect(shortest).toContain(`${how}: Error: oops`)
    expect(shortest).toMatch(statement.startsWith('throw') ? /planned: \{"do":"crash"/ : /^it happened$/m)
    const [, seed = '', path = ''] = /^Again: pnpm simulate --seed (\d+) --path ([\d:]+)$/m.exec(shortest) ?? []
    expect(first).toMatch(new RegExp(`^Again: pnpm simulate --seed ${seed} --path ${path.split(':')[0]}$`, 'm'))

    const again = await commandWhere(body, ['--seed', seed, '--path', path])
    expect(again.code).toBe(1)
    expect(again.stderr).toContain(shortest.slice(shortest.indexOf('  a site with')))
  })

test('a failure is told though another worker is still at it', { timeout: 300_000 }, async () => {
  const { code, stdout, stderr } = await commandWhere(
    `if (workerData.seed === 3) ${STANDS_STILL}; throw new Error('oops')`,
    ['--runs', 100, '--seed', 3, '--workers', 2],
  )
  expect(code).toBe(1)
  expect(stderr).toContain('G10 does not hold')
  expect(stdout).toContain('seed 3: 1 of 100 histories')
})

test('SIGINT ends it, and it says how far it came', { timeout: 300_000 }, async () => {
  const { code, stdout } = await commandWhere(
    `globalThis.runs = (globalThis.runs ?? 0) + 1
    if (globalThis.runs > 3) { console.error('here'); ${STANDS_STILL} }
    return holds`,
    ['--runs', 100, '--seed', 3, '--workers', 1],
    (child) => child.stderr?.once('data', () => child.kill('SIGINT')),
  )
  expect(code).toBe(130)
  expect(stdout).toContain('seed 3: 3 of 100 histories')
})

test('SIGINT while a shorter history is looked for tells the one that is known', { timeout: 300_000 }, async () => {
  const { code, stderr } = await commandWhere(
    `if (globalThis.failed) ${STANDS_STILL}
    globalThis.failed = true
    throw new Error('oops')`,
    ['--runs', 100, '--seed', 3, '--workers', 1],
    (child) => child.stderr?.once('data', () => child.kill('SIGINT')),
  )
  expect(code).toBe(1)
  expect(stderr).toContain('  a site with')
})
