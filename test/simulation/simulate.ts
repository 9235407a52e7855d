import fc from 'fast-check'
import { type History, histories } from './history.ts'
import { type Run, runHistory } from './world.ts'

export interface SimulateOptions {
  runs: number
  /** The same seed gives the same histories. */
  seed: number
  /** Where a failure was found before, as it was printed: that history alone is run. */
  path?: string
  /** For how long to look for a shorter history that fails in the same way, in s. Default 60. */
  shrinkSeconds?: number
  /** Called after each history. */
  onRun?: (run: Run) => void
}

/** A history in which something did not hold, as short as was found. */
export interface Failure {
  seed: number
  path: string
  history: History
  run: Run
}

/** Lets so many histories happen, one after another. Resolves to the first that fails. */
export async function simulate({
  runs,
  seed,
  path,
  shrinkSeconds = 60,
  onRun,
}: SimulateOptions): Promise<Failure | undefined> {
  let deadline = Number.POSITIVE_INFINITY
  const holds = fc.asyncProperty(histories, async (history) => {
    if (performance.now() > deadline) return true // Shorter ones are not looked for any more.
    const run = await runHistory(history)
    if (deadline === Number.POSITIVE_INFINITY) onRun?.(run)
    const isWhole = run.violations.length === 0
    if (!isWhole) deadline = Math.min(deadline, performance.now() + shrinkSeconds * 1_000)
    return isWhole
  })
  const { failed, counterexample, counterexamplePath } = await fc.check(holds, {
    seed,
    numRuns: runs,
    ...(path === undefined ? {} : { path, endOnFailure: true }),
  })
  if (!failed) return undefined
  const [history] = counterexample ?? []
  if (!history) throw new Error('A history fails and is not told')
  return { seed, path: counterexamplePath ?? '', history, run: await runHistory(history) }
}

/** What an engineer needs: what did not hold, what happened before it, and how to see it again. */
export function describeFailure({ seed, path, history, run }: Failure): string {
  return [
    ...run.violations.map(({ guarantee, text }) => `${guarantee} does not hold: ${text}`),
    '',
    `  a site with ${JSON.stringify(history.setup)}, ${history.steps.length} steps`,
    ...run.timeline,
    '',
    `Again: pnpm simulate --seed ${seed} --path ${path}`,
  ].join('\n')
}
