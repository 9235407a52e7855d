import { temporaryFolder } from '../../harness/temporary-folder.ts'
import { median } from '../median.ts'
import { startCountingSink } from './counting-sink.ts'
import { createBatchMaker, type Pool } from './make-batches.ts'
import { measure, round, spread } from './measure.ts'
import type { ShortResult } from './results.ts'
import { bundleWorker, pinLoad, type Runtime, type Server, startInNode, startInWorkerd } from './start-servers.ts'

const BATCHES = 50
const WARM_UP = 6
const ROUNDS = 12
/** New processes, each time: what V8 compiles, and when, differs more from one to the next than a round does. */
const PROCESSES = 3

/** What the short form measures, by runtime. */
export type Shares = Record<Runtime, number>

/**
 * CPU of the bare forwarder over Waybill's, batches of 100 events, gzip: what share of what the platform can do is left. CPU
 * time, as other work on the machine takes less of it than of the clock; and the best of several processes, as a collector
 * that has become slower is slower in all of them.
 */
export async function measureShort(): Promise<Shares> {
  pinLoad()
  const folder = await temporaryFolder('short')
  try {
    const place = { folder: folder.path, bundle: bundleWorker(folder.path) }
    const all: Shares[] = []
    for (let time = 0; time < PROCESSES; time++) all.push(await measureOnce(place))
    const best = (runtime: Runtime) => Math.max(...all.map((shares) => shares[runtime]))
    return { node: best('node'), workerd: best('workerd') }
  } finally {
    await folder[Symbol.asyncDispose]()
  }
}

async function measureOnce(place: { folder: string; bundle: string }): Promise<Shares> {
  const sink = await startCountingSink()
  const pairs = {
    node: [await startInNode('waybill', sink.url), await startInNode('forward', sink.url)],
    workerd: [await startInWorkerd('waybill', sink.url, place), await startInWorkerd('forward', sink.url, place)],
  } as const satisfies Record<Runtime, readonly Server[]>
  try {
    const make = createBatchMaker()
    const share = async ([waybill, forward]: readonly [Server, Server], pool: Pool) => {
      const own = await measure(waybill, sink, pool)
      return (await measure(forward, sink, pool)).cpuPerBatch / own.cpuPerBatch
    }
    const shares: Shares[] = []
    for (let turn = 0; turn < WARM_UP + ROUNDS; turn++) {
      const pool = make(BATCHES, 100, 'gzip')
      const turned = { node: await share(pairs.node, pool), workerd: await share(pairs.workerd, pool) }
      if (turn >= WARM_UP) shares.push(turned)
    }
    const middle = (runtime: Runtime) => round(median(shares.map((each) => each[runtime])))
    return { node: middle('node'), workerd: middle('workerd') }
  } finally {
    await Promise.all([...pairs.node, ...pairs.workerd].map((server) => server.stop()))
    await sink.close()
  }
}

/** The short form again and again: that is its noise. */
export async function measureNoise(times: number): Promise<Record<Runtime, ShortResult>> {
  const all: Shares[] = []
  for (let time = 1; time <= times; time++) {
    const shares = await measureShort()
    all.push(shares)
    console.log(`short form ${time} of ${times}: Node ${shares.node}, workerd ${shares.workerd}`)
  }
  const keep = (runtime: Runtime): ShortResult => {
    const shares = all.map((each) => each[runtime])
    return { shares, share: spread(shares) }
  }
  return { node: keep('node'), workerd: keep('workerd') }
}

/** No share is taken for steadier than this, however alike its repeats were: they have seen one hour of one machine. */
const LEAST_NOISE = 1.15

/** Below this it is a regression: beyond the least that was measured by what the repeats differed by once more. */
export const toFloor = ({ share: { least, most } }: ShortResult): number =>
  round(least / Math.max(LEAST_NOISE, most / least))

/** The runtimes in which Waybill's collector is worse than kept, with what was measured and what is within the noise. */
export function findRegressions(shares: Shares, kept: Record<Runtime, ShortResult>): string[] {
  return (Object.keys(shares) as Runtime[]).flatMap((runtime) => {
    const floor = toFloor(kept[runtime])
    if (shares[runtime] >= floor) return []
    return [
      `collector in ${runtime}: ${shares[runtime]} of what the forwarder does, where ${floor} is within the noise`,
    ]
  })
}
