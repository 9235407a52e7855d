import { temporaryFolder } from '../../harness/temporary-folder.ts'
import { median } from '../median.ts'
import { startCountingSink } from './counting-sink.ts'
import { readUsage } from './cpu-time.ts'
import { createBatchMaker } from './make-batches.ts'
import { measure } from './measure.ts'
import type { SoakResult } from './results.ts'
import { bundleWorker, pinLoad, startInNode, startInWorkerd } from './start-servers.ts'

const BATCHES = 100
const EVENTS = 100

/** Load on both collectors in turns until each has had it for so long, each batch a new one: does their memory grow? */
export async function soak(minutes: number): Promise<SoakResult> {
  pinLoad()
  const folder = await temporaryFolder('soak')
  const sink = await startCountingSink()
  const servers = [
    await startInNode('waybill', sink.url),
    await startInWorkerd('waybill', sink.url, { folder: folder.path, bundle: bundleWorker(folder.path) }),
  ]
  try {
    const make = createBatchMaker()
    const runs = servers.map((server) => ({
      server,
      batches: 0,
      share: 0,
      resident: [] as [at: number, megabytes: number][],
    }))
    let told = 0
    for (;;) {
      const run = runs.reduce((least, each) => (each.share < least.share ? each : least))
      if (run.share >= 1) break
      if (run.share * 10 >= told + 1) console.log(`${++told * 10} % of ${minutes} minutes of load on each`)
      const { batches, eventsPerSecond } = await measure(run.server, sink, make(BATCHES, EVENTS, 'gzip', 1))
      run.batches += batches
      run.share += (batches * EVENTS) / eventsPerSecond / (minutes * 60)
      run.resident.push([run.share, readUsage(run.server.pid).resident])
    }
    const fifthsOf = (resident: readonly [at: number, megabytes: number][]) =>
      [0, 1, 2, 3, 4].map((fifth) => {
        const within = resident.filter(([at]) => Math.min(4, Math.floor(at * 5)) === fifth)
        return Math.round(median(within.map(([, megabytes]) => megabytes)))
      })
    return {
      date: new Date().toISOString().slice(0, 10),
      minutes,
      servers: runs.map(({ server, batches, resident }) => ({
        server: server.name,
        batches,
        fifths: fifthsOf(resident),
      })),
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
    await sink.close()
    await folder[Symbol.asyncDispose]()
  }
}
