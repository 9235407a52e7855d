import { temporaryFolder } from '../../harness/temporary-folder.ts'
import { median } from '../median.ts'
import { appNames } from './apps.ts'
import { startCountingSink } from './counting-sink.ts'
import { readUsage } from './cpu-time.ts'
import { createBatchMaker } from './make-batches.ts'
import { type Kind, measure, type Ratios, type Row, round, type Sample, spread } from './measure.ts'
import type { Results } from './results.ts'
import {
  bundleWorker,
  nginxVersion,
  pinLoad,
  type Server,
  type ServerName,
  startInNode,
  startInWorkerd,
  startNginx,
} from './start-servers.ts'

/** As many batches as a collector needs a tenth of a second for, which is as long as the others are measured. */
const kinds: readonly Kind[] = [
  { events: 1, batches: 250 },
  { events: 10, batches: 200 },
  { events: 100, batches: 120 },
  { events: 500, batches: 35 },
].flatMap((kind) => (['gzip', 'plain'] as const).map((encoding) => ({ ...kind, encoding })))

/** How often a kind is measured in a round: the targets are about 100 events as they travel, and which is faster shows in many pairs. */
const timesOf = ({ events, encoding }: Kind): number => {
  if (events === 1 || encoding === 'plain') return 1
  return events === 100 ? 9 : 3
}

/** Rounds before those that count: V8 needs hundreds of batches of all kinds to know what is worth compiling, and for what. */
const WARM_UP = 3

/** All servers, all kinds of batches, round by round. */
export async function compare(rounds: number): Promise<Pick<Results, 'rounds' | 'kinds' | 'rows' | 'peaks'>> {
  pinLoad()
  const folder = await temporaryFolder('bench')
  const sink = await startCountingSink()
  const servers: Server[] = []
  try {
    const bundle = bundleWorker(folder.path)
    for (const app of appNames) {
      servers.push(await startInWorkerd(app, sink.url, { folder: folder.path, bundle }))
      servers.push(await startInNode(app, sink.url))
    }
    if (nginxVersion() === undefined)
      console.log('nginx is not there, and left out; on Debian: apt-get install nginx-light')
    else servers.push(await startNginx(sink.url, folder.path))

    const make = createBatchMaker()
    const sizes: Results['kinds'] = []
    const samples = new Map<string, Sample[]>()
    for (let turn = -WARM_UP; turn < rounds; turn++) {
      for (const { events, encoding, batches } of kinds.flatMap((kind) => Array<Kind>(timesOf(kind)).fill(kind))) {
        const pool = make(batches, events, encoding)
        // Each has its turn to be first: what others do on the machine comes to all alike.
        for (const server of rotate(servers, turn + WARM_UP)) {
          const key = keyOf(server.name, events, encoding)
          const sample = await measure(server, sink, pool)
          if (turn >= 0) samples.set(key, [...(samples.get(key) ?? []), sample])
        }
        if (turn === 0 && !sizes.some((kind) => kind.events === events && kind.encoding === encoding)) {
          const bytes = {
            lineBytes: pool.lineBytes,
            plainBytes: pool.plainBytes,
            sentBytes: Math.round(pool.sentBytes),
          }
          sizes.push({ events, encoding, ...bytes })
        }
      }
      console.log(turn < 0 ? 'warming up' : `round ${turn + 1} of ${rounds}`)
    }
    const rows = servers.flatMap(({ name }) =>
      kinds.map(({ events, encoding }) => toRow(name, { events, encoding }, samples)),
    )
    const peaks = Object.fromEntries(servers.map(({ name, pid }) => [name, round(readUsage(pid).peak)]))
    return { rounds, kinds: sizes, rows, peaks }
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
    await sink.close()
    await folder[Symbol.asyncDispose]()
  }
}

const rotate = <Item>(items: readonly Item[], by: number): Item[] =>
  items.map((_, index) => items[(index + by) % items.length] as Item)

const keyOf = (server: ServerName, events: number, encoding: string) => `${server} ${events} ${encoding}`

function toRow(
  server: ServerName,
  { events, encoding }: Pick<Kind, 'events' | 'encoding'>,
  samples: ReadonlyMap<string, readonly Sample[]>,
): Row {
  const own = samples.get(keyOf(server, events, encoding)) ?? []
  const [app, runtime] = server.split(' ')
  const other = (app: string) => samples.get(keyOf(`${app} ${runtime}` as ServerName, events, encoding))
  const [bare, parser] = [other('forward'), other('parse')]
  /** Round by round. */
  const against = (others: readonly Sample[], ratio: (sample: Sample, other: Sample) => number): Ratios => {
    const all = own.map((sample, index) => ratio(sample, others[index] ?? sample))
    const { least, median, most } = spread(all)
    const above = all.filter((one) => one > 1).length
    return { least: round(least), median: round(median), most: round(most), above, of: all.length }
  }
  const byCpu = (sample: Sample, other: Sample) => other.cpuPerBatch / sample.cpuPerBatch
  const of = (name: keyof Sample) => round(median(own.map((sample) => sample[name])))
  const total = (name: 'missing' | 'repeated' | 'digested' | 'batches') =>
    own.reduce((sum, each) => sum + each[name], 0)
  return {
    ...{ server, events, encoding },
    ...{ eventsPerSecond: of('eventsPerSecond'), cpuPerBatch: of('cpuPerBatch'), busy: of('busy') },
    ...{ p50: of('p50'), p99: of('p99') },
    ...{
      batches: total('batches'),
      missing: total('missing'),
      repeated: total('repeated'),
      digested: total('digested'),
    },
    ...(bare &&
      app !== 'forward' && {
        ofForwarder: against(bare, byCpu),
        speedOfForwarder: against(bare, (sample, bare) => sample.eventsPerSecond / bare.eventsPerSecond),
      }),
    ...(parser && app === 'waybill' && { ofParser: against(parser, byCpu) }),
  }
}
