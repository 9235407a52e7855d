import { expect, test } from 'vitest'
import { RUNS, SEED } from './runs.ts'
import { describeFailure, simulate } from './simulate.ts'

test(`${RUNS} histories: whatever happens, every guarantee holds`, { timeout: 300_000 }, async () => {
  const failure = await simulate({ runs: RUNS, seed: SEED })
  expect(failure && describeFailure(failure)).toBeUndefined()
})

test('the same seed gives the same history, event for event', { timeout: 60_000 }, async () => {
  const timelines: string[][] = []
  for (let time = 0; time < 2; time += 1) {
    await simulate({ runs: 20, seed: 7, onRun: ({ timeline }) => timelines.push(timeline) })
  }
  expect(timelines.slice(0, 20)).toEqual(timelines.slice(20))
})
