import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { describeFailure, simulate } from './simulation/simulate.ts'

// Lets thousands of histories happen to the real SDK and the real collector, and prints the first in which anything is lost.

/** What a worker says: after each history, and at its end. */
type Word = { events: number; faults: [kind: string, count: number][] } | { failure: string | undefined }

/** Each worker's seeds are its own: the first has the one that was asked for. */
const SEED_STEP = 1_000_003

if (isMainThread) await conduct()
else await work()

async function work(): Promise<void> {
  const say = (word: Word) => parentPort?.postMessage(word)
  const failure = await simulate({
    ...workerData,
    onRun: ({ events, faults }) => say({ events, faults: [...faults] }),
  })
  say({ failure: failure && describeFailure(failure) })
}

async function conduct(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '2000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      path: { type: 'string' },
      workers: { type: 'string', default: String(availableParallelism()) },
    },
  })
  const { path } = values
  const [runs, seed] = [Number(values.runs), Number(values.seed)]
  const count = path === undefined ? Math.min(runs, Number(values.workers)) : 1
  if (!(runs > 0 && count > 0 && Number.isSafeInteger(seed))) {
    console.error('Usage: pnpm simulate [--runs 2000] [--seed 1] [--path …] [--workers 2]')
    process.exitCode = 2
    return
  }

  const began = performance.now()
  let done = 0
  let events = 0
  const faults = new Map<string, number>()
  const seconds = () => (performance.now() - began) / 1_000
  const progress = () => `${done} of ${runs} histories, ${Math.round(done / seconds())}/s, ${events} events`
  const ticker = setInterval(() => console.log(`  ${progress()}`), 10_000)

  const failures = await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const own = Math.ceil((runs - index) / count)
      const worker = new Worker(new URL(import.meta.url), {
        workerData: { runs: own, seed: seed + index * SEED_STEP, ...(path === undefined ? {} : { path }) },
      })
      return new Promise<string | undefined>((resolve, reject) => {
        worker.once('error', reject)
        worker.on('message', (word: Word) => {
          if ('failure' in word) {
            // One that has found nothing ends by itself, and writes down what it has covered, if anybody wants to know.
            if (word.failure === undefined) worker.once('exit', () => resolve(undefined))
            else resolve(word.failure)
            return
          }
          done += 1
          events += word.events
          for (const [kind, times] of word.faults) faults.set(kind, (faults.get(kind) ?? 0) + times)
        })
      })
    }),
  )
  clearInterval(ticker)
  const failure = failures.find((text) => text !== undefined)
  console.log(`seed ${seed}: ${progress()}, in ${seconds().toFixed(1)} s`)
  console.log(
    `faults: ${[...faults]
      .sort()
      .map(([kind, times]) => `${kind} ${times}`)
      .join(', ')}`,
  )
  if (failure !== undefined) {
    console.error(`\n${failure}`)
    process.exitCode = 1
  }
  // Another worker may still be at it.
  process.exit()
}
