import fc from 'fast-check'
import { type History, histories } from './history.ts'
import { runWatched } from './run-watched.ts'
import type { Run } from './world.ts'

export interface SimulateOptions {
  runs: number
  /** The same seed gives the same histories. */
  seed: number
  /** Where a failure was found before, as it was printed: that history alone is run. */
  path?: string
  /** For how long to look for a shorter history that fails in the same way, in s. Default 60. */
  shrinkSeconds?: number
  /** Called after each history, until one fails. */
  onRun?: (run: Run) => void
  /** Called when a history fails, and again for each shorter one that does; their path is that of the first. */
  onFailure?: (failure: Failure) => void
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
  onFailure,
}: SimulateOptions): Promise<Failure | undefined> {
  let deadline = Number.POSITIVE_INFINITY
  let done = 0
  let shortest: Failure | undefined
  const holds = fc.asyncProperty(histories, async (history) => {
    if (performance.now() > deadline) return true // Shorter ones are not looked for any more.
    const run = await runWatched(history)
    if (!shortest) onRun?.(run)
    if (run.violations.length > 0) {
      deadline = Math.min(deadline, performance.now() + shrinkSeconds * 1_000)
      shortest = { seed, path: shortest?.path ?? path ?? String(done), history, run }
      onFailure?.(shortest)
    }
    done += 1
    return run.violations.length === 0
  })
  const { counterexamplePath } = await fc.check(holds, {
    seed,
    numRuns: runs,
    ...(path === undefined ? {} : { path, endOnFailure: true }),
  })
  return shortest && { ...shortest, path: counterexamplePath ?? shortest.path }
}

/** What did not hold, one line each. */
export const describeViolations = ({ violations }: Run): string =>
  violations.map(({ guarantee, text }) => `${guarantee} does not hold: ${text}`).join('\n')

/** How to see it again. */
export const describeAgain = ({ seed, path }: Failure): string => `Again: pnpm simulate --seed ${seed} --path ${path}`

/** What an engineer needs: what did not hold, what happened before it, and how to see it again. */
export function describeFailure(failure: Failure): string {
  const { history, run } = failure
  return [
    describeViolations(run),
    '',
    `  a site with ${JSON.stringify(history.setup)}, ${history.steps.length} steps`,
    ...run.timeline,
    '',
    describeAgain(failure),
  ].join('\n')
}
