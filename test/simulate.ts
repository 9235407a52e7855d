import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { describeAgain, describeFailure, describeViolations, simulate } from './simulation/simulate.ts'

// Lets thousands of histories happen to the real SDK and the real collector, and prints the first in which anything is lost.

/** What a worker says: after each history, when one fails and for each shorter one that does, and at its end. */
type Word =
  | { kind: 'run'; events: number; faults: [kind: string, count: number][] }
  | { kind: 'failing'; short: string; whole: string }
  | { kind: 'end'; failure: string | undefined }

/** Each worker's seeds are its own: the first has the one that was asked for. */
const SEED_STEP = 1_000_003

/** How often to say how far it is. In ms. */
const TICK = 10_000

if (isMainThread) conduct()
else await work()

async function work(): Promise<void> {
  const say = (word: Word) => parentPort?.postMessage(word)
  const failure = await simulate({
    ...workerData,
    onRun: ({ events, faults }) => say({ kind: 'run', events, faults: [...faults] }),
    onFailure(failure) {
      const short = `${describeViolations(failure.run)}\n\n${describeAgain(failure)}`
      say({ kind: 'failing', short, whole: describeFailure(failure) })
    },
  })
  say({ kind: 'end', failure: failure && describeFailure(failure) })
}

function conduct(): void {
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
  /** The worker that has found a history that fails, the shortest such one as far as is known, and how many it has found. */
  let failing: { worker: Worker; whole: string; found: number } | undefined
  let atWork = count

  const seconds = () => (performance.now() - began) / 1_000
  const progress = () => `${done} of ${runs} histories, ${Math.round(done / seconds())}/s, ${events} events`
  const search = (found: number) => `looking for a shorter history that fails, ${found - 1} so far`

  function finish(code: number): never {
    console.log(`seed ${seed}: ${progress()}, in ${seconds().toFixed(1)} s`)
    const counts = [...faults].sort().map(([kind, times]) => `${kind} ${times}`)
    console.log(`faults: ${counts.join(', ')}`)
    if (failing) console.error(`\n${failing.whole}`)
    process.exit(failing ? 1 : code)
  }

  function hear(worker: Worker, word: Word): void {
    if (word.kind === 'run') {
      done += 1
      events += word.events
      for (const [kind, times] of word.faults) faults.set(kind, (faults.get(kind) ?? 0) + times)
    } else if (word.kind === 'failing') {
      // At once: to find a shorter one takes time, and the others would go on for as long as they are asked to.
      if (!failing) {
        console.error(`\n${word.short}\n`)
        for (const other of workers) if (other !== worker) other.terminate()
      }
      failing = { worker, whole: word.whole, found: (failing?.found ?? 0) + 1 }
    } else if (failing && word.failure !== undefined) {
      failing.whole = word.failure
      finish(1)
    }
  }

  const workers = Array.from({ length: count }, (_, index) => {
    const own = { runs: Math.ceil((runs - index) / count), seed: seed + index * SEED_STEP }
    return new Worker(new URL(import.meta.url), { workerData: path === undefined ? own : { ...own, path } })
  })
  for (const worker of workers) {
    const counts = () => !failing || failing.worker === worker
    worker.on('message', (word: Word) => counts() && hear(worker, word))
    worker.on('error', (error) => {
      if (!counts()) return
      console.error(error)
      finish(1)
    })
    // One that has found nothing ends by itself, and writes down what it has covered, if anybody wants to know.
    worker.on('exit', (code) => {
      atWork -= 1
      if (counts() && (code !== 0 || atWork === 0)) finish(code)
    })
  }
  setInterval(() => console.log(`  ${failing ? search(failing.found) : progress()}`), TICK)
  process.on('SIGINT', () => finish(130))
}
