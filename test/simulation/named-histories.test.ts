import { expect, test } from 'vitest'
import { namedHistories } from './named-histories.ts'
import { runWatched } from './run-watched.ts'
import { describeViolations } from './simulate.ts'

/** Besides its own: by another chance the same steps meet another moment of what they interrupt. */
const OTHER_SEEDS = Array.from({ length: 20 }, (_, index) => index)

for (const { name, history } of namedHistories)
  test(name, { timeout: 60_000 }, async () => {
    for (const seed of new Set([history.seed, ...OTHER_SEEDS])) {
      const run = await runWatched({ ...history, seed })
      const failure = [
        describeViolations(run),
        '',
        `  a site with ${JSON.stringify(history.setup)}, seed ${seed}`,
        ...run.timeline,
      ]
      expect(run.violations.length > 0 ? failure.join('\n') : undefined).toBeUndefined()
    }
  })
