import { createRequire } from 'node:module'
import { cpus, totalmem } from 'node:os'
import { readResults, writeResults, writeTable } from '../keep-results.ts'
import type { Encoding, Pool } from './make-batches.ts'
import type { Row, Spread } from './measure.ts'
import { toReport } from './report.ts'
import { canPin, nginxVersion, type Runtime, type ServerName } from './start-servers.ts'

/** What is kept of a run, in test/bench/results/collector.json. */
export interface Results {
  measured: Surroundings
  rounds: number
  kinds: ({ events: number; encoding: Encoding } & Pick<Pool, 'lineBytes' | 'plainBytes' | 'sentBytes'>)[]
  rows: Row[]
  /** The most memory that was resident at once in the whole run, in MB. */
  peaks: Partial<Record<ServerName, number>>
  short: Record<Runtime, ShortResult>
  soak?: SoakResult
}

/** Where and with what it was measured. */
export interface Surroundings {
  date: string
  cores: number
  cpu: string
  memoryGb: number
  pinned: boolean
  node: string
  workerd: string
  nginx: string
  hono: string
}

/** What the short form measures in one runtime, and how far it is from one time to the next. */
export interface ShortResult {
  /** See `measureShort`: one for each repeat of it. */
  shares: number[]
  share: Spread
}

/** Memory of the collectors under load for a while. */
export interface SoakResult {
  date: string
  /** Of each under load. */
  minutes: number
  servers: {
    server: ServerName
    batches: number
    /** Resident MB: medians of each fifth of the time. */
    fifths: number[]
  }[]
}

export function surroundings(): Surroundings {
  const require = createRequire(import.meta.url)
  const wrangler = createRequire(require.resolve('wrangler/package.json'))
  return {
    date: new Date().toISOString().slice(0, 10),
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    pinned: canPin,
    node: process.versions.node,
    workerd: wrangler('workerd/package.json').version,
    nginx: nginxVersion() ?? 'not there',
    hono: require('../../package.json').devDependencies.hono,
  }
}

/** Undefined before the first run. */
export const readKept = (): Promise<Results | undefined> => readResults<Results>('collector').catch(() => undefined)

/** Keeps them, and writes the tables of the README. */
export async function keep(results: Results): Promise<void> {
  await writeResults('collector', results)
  await writeTable('collector', toReport(results))
}
