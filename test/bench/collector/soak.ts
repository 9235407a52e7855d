import { temporaryFolder } from '../../harness/temporary-folder.ts'
import { median } from '../median.ts'
import { startCountingSink } from './counting-sink.ts'
import { readUsage } from './cpu-time.ts'
import { createBatchMaker } from './make-batches.ts'
import { measure } from './measure.ts'
import type { SoakResult } from './results.ts'
import { bundleWorker, pinLoad, startInNode, startInWorkerd } from './start-servers.ts'

const BATCHES = 100

/** Load on both collectors for so long, in turns, each batch a new one: does their memory grow? */
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
    const seen = servers.map(() => ({ batches: 0, resident: [] as [at: number, megabytes: number][] }))
    const began = performance.now()
    const share = () => (performance.now() - began) / (minutes * 60_000)
    while (share() < 1) {
      for (const [index, server] of servers.entries()) {
        const { batches } = await measure(server, sink, make(BATCHES, 100, 'gzip', 1))
        const one = seen[index]
        if (!one) continue
        one.batches += batches
        one.resident.push([share(), readUsage(server.pid).resident])
      }
    }
    const fifthsOf = (resident: readonly [at: number, megabytes: number][]) =>
      [0, 1, 2, 3, 4].map((fifth) => {
        const within = resident.filter(([at]) => Math.min(4, Math.floor(at * 5)) === fifth)
        return Math.round(median(within.map(([, megabytes]) => megabytes)))
      })
    return {
      date: new Date().toISOString().slice(0, 10),
      minutes,
      servers: servers.map(({ name }, index) => ({
        server: name,
        batches: seen[index]?.batches ?? 0,
        fifths: fifthsOf(seen[index]?.resident ?? []),
      })),
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
    await sink.close()
    await folder[Symbol.asyncDispose]()
  }
}
