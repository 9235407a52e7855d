import { median } from '../median.ts'
import { RECEIVED, toCosts, toDemand } from './cost.ts'
import type { Row } from './measure.ts'
import { free, platformLimits, prices, READ_ON, sources } from './prices.ts'
import type { Results } from './results.ts'
import type { Runtime, ServerName } from './start-servers.ts'

/** The tables of the README: what was measured, what of the targets was reached, what it costs. */
export const toReport = (results: Results): string =>
  [
    toMachine(results),
    toSpeedTable(results),
    toParserRatios(results),
    toTargetTable(results),
    toCostTable(results),
    toDemandTable(results),
  ].join('\n\n')

const runtimes: readonly Runtime[] = ['workerd', 'node']

const names: Record<ServerName, string> = {
  'waybill workerd': '**Waybill**, workerd',
  'parse workerd': 'parse and write anew, workerd',
  'digest workerd': 'inflate and digest only, workerd',
  'forward workerd': 'bare forwarder, workerd',
  'waybill node': '**Waybill**, Node',
  'parse node': 'parse and write anew, Node',
  'digest node': 'inflate and digest only, Node',
  'forward node': 'bare forwarder, Node',
  nginx: 'nginx',
}

function toMachine({ measured, rounds, rows }: Results): string {
  const { date, cores, cpu, memoryGb, pinned, node, workerd, nginx, hono } = measured
  const pins = pinned ? 'the servers on one core, load and sink on another' : 'not pinned to cores: there is no taskset'
  // What is never idle and has less than its core shares it.
  const busy = median(rows.flatMap((row) => (row.server.startsWith('waybill') ? [row.busy] : [])))
  return (
    `Measured ${date}: ${cpu}, ${cores} cores, ${memoryGb} GB; Node ${node}, workerd ${workerd}, Hono ${hono}, nginx ${nginx}; ` +
    `${pins}; medians of ${rounds} interleaved rounds. Waybill’s servers had ` +
    `${whole(busy * 100)} % of their core; where that is far below 100, other work was on the machine, which makes each figure by itself too high, ` +
    'and events per second and latencies more so than CPU time; the ratios are of the same run.'
  )
}

const toTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const whole = (value: number): string => Math.round(value).toLocaleString('en')
const ratioOf = (row: Row | undefined): string => (row?.ofForwarder ? row.ofForwarder.median.toFixed(2) : '–')

const findRow = ({ rows }: Results, server: ServerName, events: number, encoding: 'gzip' | 'plain') =>
  rows.find((row) => row.server === server && row.events === events && row.encoding === encoding)

function toSpeedTable(results: Results): string {
  const sizes = [...new Set(results.kinds.map(({ events }) => events))]
  const head = [
    'CPU µs a batch, gzip (plain)',
    ...sizes.map((events) => `${events} event${events === 1 ? '' : 's'}`),
    'at 100: events/s',
    'p50 · p99 ms',
    'CPU of the forwarder’s',
    'peak MB',
  ]
  const rows = (Object.keys(names) as ServerName[]).flatMap((server) => {
    const row = findRow(results, server, 100, 'gzip')
    if (!row) return []
    const cells = sizes.map((events) => {
      const [gzip, plain] = (['gzip', 'plain'] as const).map((encoding) => findRow(results, server, events, encoding))
      return `${whole(gzip?.cpuPerBatch ?? 0)} (${whole(plain?.cpuPerBatch ?? 0)})`
    })
    const times = row.ofForwarder ? `${(1 / row.ofForwarder.median).toFixed(1)} ×` : '1 ×'
    const latency = `${row.p50.toFixed(1)} · ${row.p99.toFixed(1)}`
    const peak = whole(results.peaks[server] ?? 0)
    return [[names[server], ...cells, whole(row.eventsPerSecond), latency, server === 'nginx' ? '–' : times, peak]]
  })
  return toTable(head, rows)
}

/** Where Waybill is slower than what checks nothing, it says so. */
function toParserRatios(results: Results): string {
  const sizes = sizesOf(results)
  const told = runtimes.map((runtime) => {
    const ratios = sizes.map((events) => {
      const [gzip, plain] = (['gzip', 'plain'] as const).map((encoding) => {
        const ratio = findRow(results, `waybill ${runtime}`, events, encoding)?.ofParser?.median
        return ratio?.toFixed(2) ?? '–'
      })
      return `${gzip} (${plain})`
    })
    return `${runtime} ${ratios.join(', ')}`
  })
  return (
    `CPU of parse and write anew over Waybill’s, gzip (plain), at ${sizes.join(', ')} events a batch: ${told.join('; ')}. Below 1 Waybill ` +
    'takes more: whatever is in a batch, it is authenticated, digested, remembered and logged.'
  )
}

/** How likely two that are equally fast are to have one of them faster so often, or more often (sign test). */
function chanceOf(above: number, of: number): number {
  let ways = 1
  let chance = 0
  for (let count = 0; count <= of; count++) {
    if (count >= above) chance += ways / 2 ** of
    ways = (ways * (of - count)) / (count + 1)
  }
  return chance
}

/** What was aimed at, what came out, and whether that is enough. */
export interface Target {
  target: string
  figure: string
  reached: boolean | undefined
}

export function toTargets(results: Results): Target[] {
  const each = (
    target: string,
    judge: (runtime: Runtime, row: Row, digest: Row) => { figure: string; reached: boolean },
  ): Target[] =>
    runtimes.flatMap((runtime) => {
      const row = findRow(results, `waybill ${runtime}`, 100, 'gzip')
      const digest = findRow(results, `digest ${runtime}`, 100, 'gzip')
      if (!row || !digest) return []
      return [{ target: `${target}, ${runtime}`, ...judge(runtime, row, digest) }]
    })
  return [
    ...each('Events per second: at least 0.6 of the bare forwarder’s', (_, row, digest) => {
      const tell = (each: Row) => `${(each.speedOfForwarder?.median ?? 0).toFixed(2)}; by CPU ${ratioOf(each)}`
      const figure = `${tell(row)} (inflating and digesting only: ${tell(digest)})`
      return { figure, reached: (row.speedOfForwarder?.median ?? 0) >= 0.6 }
    }),
    ...each('Faster than parse and write anew', (_, { ofParser }) => {
      const { median = 0, least = 0, most = 0, above = 0, of = 0 } = ofParser ?? {}
      const figure = `by CPU ${median.toFixed(2)} times as fast (${least.toFixed(2)} to ${most.toFixed(2)}), faster ${above} times of ${of}`
      return { figure, reached: chanceOf(above, of) < 0.05 }
    }),
    ...each('CPU of a batch below 2 ms', (_, { cpuPerBatch }) => ({
      figure: `${(cpuPerBatch / 1_000).toFixed(1)} ms`,
      reached: cpuPerBatch < 2_000,
    })),
    ...each('Cost linear in bytes: a byte of 100 to 500 events at most 1.25 times one of 10 to 100', (runtime) => {
      const growth = toGrowth(results, runtime)
      return { figure: growth.toFixed(2), reached: growth <= 1.25 }
    }),
    ...toSoakTargets(results),
  ]
}

/** How much more a byte costs in a large batch than in a small one. */
function toGrowth(results: Results, runtime: Runtime): number {
  const slope = (from: number, to: number) => {
    const [less, more] = [from, to].map(
      (events) => findRow(results, `waybill ${runtime}`, events, 'gzip')?.cpuPerBatch ?? 0,
    )
    const [few, many] = [from, to].map((events) => bytesOf(results, events))
    return ((more ?? 0) - (less ?? 0)) / ((many ?? 0) - (few ?? 0))
  }
  return slope(100, 500) / slope(10, 100)
}

const bytesOf = ({ kinds }: Results, events: number): number =>
  kinds.find((kind) => kind.events === events && kind.encoding === 'gzip')?.plainBytes ?? 0

const MOST_GROWTH = 1.1

function toSoakTargets({ soak }: Results): Target[] {
  if (!soak) return [{ target: 'Memory flat over 10 minutes of load', figure: 'not measured', reached: undefined }]
  return soak.servers.map(({ server, batches, fifths }) => {
    const [, second = 0] = fifths
    const last = fifths.at(-1) ?? 0
    return {
      target: `Memory flat over ${soak.minutes} minutes of load, ${server.replace('waybill ', '')}`,
      figure: `${fifths.map(whole).join(', ')} MB in each fifth of ${whole(batches)} batches`,
      reached: last <= second * MOST_GROWTH,
    }
  })
}

const toTargetTable = (results: Results): string =>
  toTable(
    ['Target, batches of 100 events, gzip', 'Measured', ''],
    toTargets(results).map(({ target, figure, reached }) => [
      target,
      figure,
      reached === undefined ? '–' : reached ? 'reached' : '**missed**',
    ]),
  )

function toBatchCost(results: Results, events: number) {
  const cpu = findRow(results, 'waybill workerd', events, 'gzip')?.cpuPerBatch ?? 0
  const lineBytes = results.kinds.find((kind) => kind.events === events)?.lineBytes ?? 0
  return { events, cpuMs: cpu / 1_000, lineBytes, bytes: lineBytes + events * RECEIVED }
}

const sizesOf = ({ kinds }: Results): number[] => [...new Set(kinds.map(({ events }) => events))]

function toCostTable(results: Results): string {
  const dollars = (value: number) => (value >= 0.1 ? value.toFixed(2) : value.toPrecision(2))
  const rows = sizesOf(results).map((events) => {
    const { requests, cpu, r2Writes, r2Storage, queue, logs } = toCosts(toBatchCost(results, events))
    const direct = requests + cpu + r2Writes
    return [String(events), ...[requests, cpu, r2Writes, direct, queue, r2Storage, logs].map(dollars)]
  })
  const head = [
    'Dollars per million events, by events a batch',
    'requests',
    'CPU',
    'R2 writes',
    '**Worker → R2**',
    'a queue between',
    'R2, a month',
    'Workers Logs',
  ]
  const { requests, cpuMs, classA, storage, queueOperations, logs } = prices
  return (
    `${toTable(head, rows)}\n\n` +
    `Beyond what the paid plan includes; the CPU is workerd’s of the table above. Prices of ${READ_ON}: $${requests} a million ` +
    `requests and $${cpuMs} a million CPU ms ([Workers](${sources.workers})), $${classA} a million writes and $${storage} a GB ` +
    `and month ([R2](${sources.r2})), $${queueOperations} a million operations of 64 KB ([Queues](${sources.queues})), ` +
    `$${logs} a million lines of Workers Logs, which have other prices from December 2026 on.`
  )
}

const A_DAY = 1e9
const PEAK = 3

function toDemandTable(results: Results): string {
  const rows = sizesOf(results).map((events) => {
    const cost = toBatchCost(results, events)
    const demand = toDemand(cost, A_DAY, PEAK)
    const { requests, cpu, r2Writes, queue } = toCosts(cost)
    return [
      String(events),
      whole(demand.requestsPerSecond),
      whole(demand.messagesPerSecond),
      String(demand.queues),
      `${whole(demand.backlogSeconds / 60)} min`,
      `$${whole((requests + cpu + r2Writes) * 1e3)}`,
      `$${whole((requests + cpu + r2Writes + queue) * 1e3)}`,
    ]
  })
  const head = [
    'A billion events a day, by events a batch',
    'requests/s',
    'messages/s',
    'queues',
    'a queue is full in',
    'Worker → R2, a day',
    'with a queue',
  ]
  const { messagesPerSecond, backlogBytes, consumers } = platformLimits
  return `${toTable(head, rows)}

Requests of a paid Worker have no limit, and R2 none on objects or bytes: it takes one write a second to the *same* key, and
each batch has its own ([R2 limits](${sources.r2Limits})). So **Worker → R2 passes a billion a day at every size**; only the price
asks for large batches. A queue takes ${whole(messagesPerSecond)} messages a second, holds ${whole(backlogBytes / 1e9)} GB and has ${consumers} consumers at once
([Queues limits](${sources.queuesLimits})): for ${PEAK} times the mean it takes as many queues as
the table says, by site or by stream, and consumers that never stand still for longer than it says, at that peak. The free plan ends at ${whole(free.requestsPerDay)} requests a day and ${free.cpuMs} ms a request
([Workers limits](${sources.workersLimits})).`
}
