import fc from 'fast-check'
import { histories } from './history.ts'
import { runHistory } from './world.ts'

const runs = Number(process.argv[2] ?? 100)
const seed = Number(process.argv[3] ?? 1)
const shrink = process.argv[4] !== 'no'
let count = 0
let events = 0
const faults = new Map<string, number>()
const began = performance.now()
const result = await fc.check(
  fc.asyncProperty(histories, async (history) => {
    const run = await runHistory(history)
    count += 1
    events += run.events
    for (const [kind, n] of run.faults) faults.set(kind, (faults.get(kind) ?? 0) + n)
    return run.violations.length === 0
  }),
  { seed, numRuns: runs, endOnFailure: !shrink, interruptAfterTimeLimit: 120_000 },
)
const seconds = (performance.now() - began) / 1000
console.log(`${count} histories in ${seconds.toFixed(1)} s, ${(count / seconds).toFixed(0)}/s, ${events} events`)
console.log([...faults].map(([kind, n]) => `${kind} ${n}`).join(', '))
if (result.failed) {
  console.log(`seed ${result.seed} path ${result.counterexamplePath} shrinks ${result.numShrinks}`)
  const [history] = result.counterexample ?? []
  if (!history) throw result.errorInstance ?? new Error('failed')
  const run = await runHistory(history)
  console.log(JSON.stringify({ ...history, steps: history.steps.length }))
  console.log(run.timeline.join('\n'))
  console.log(run.violations.map(({ guarantee, text }) => `${guarantee}: ${text}`).join('\n'))
  process.exitCode = 1
}
