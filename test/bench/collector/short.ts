import { median } from '../median.ts'
import { startCountingSink } from './counting-sink.ts'
import { createBatchMaker } from './make-batches.ts'
import { measure, round, spread } from './measure.ts'
import type { ShortResult } from './results.ts'
import { pinLoad, startInNode } from './start-servers.ts'

const BATCHES = 50
const WARM_UP = 6
const ROUNDS = 12

/**
 * CPU of the bare forwarder over Waybill's, both in Node, batches of 100 events, gzip: what share of what the platform can do
 * is left. CPU time, as other work on the machine takes less of it than of the clock.
 */
export async function measureShort(): Promise<number> {
  pinLoad()
  const sink = await startCountingSink()
  const servers = [await startInNode('waybill', sink.url), await startInNode('forward', sink.url)] as const
  try {
    const make = createBatchMaker()
    const ratios: number[] = []
    for (let turn = 0; turn < WARM_UP + ROUNDS; turn++) {
      const pool = make(BATCHES, 100, 'gzip')
      const [waybill, forward] = [await measure(servers[0], sink, pool), await measure(servers[1], sink, pool)]
      if (turn >= WARM_UP) ratios.push(forward.cpuPerBatch / waybill.cpuPerBatch)
    }
    return round(median(ratios))
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
    await sink.close()
  }
}

/** The short form again and again, each time with new processes: that is its noise. */
export async function measureNoise(times: number): Promise<ShortResult> {
  const ratios: number[] = []
  for (let time = 1; time <= times; time++) {
    ratios.push(await measureShort())
    console.log(`short form ${time} of ${times}: ${ratios.at(-1)}`)
  }
  return { ratios, ratio: spread(ratios) }
}

/** Below this it is a regression: as far below the least that was measured as that is from the most. */
export const toFloor = ({ ratio: { least, most } }: ShortResult): number => round(least - (most - least))
