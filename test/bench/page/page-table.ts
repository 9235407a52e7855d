import { describeMachine } from './machine.ts'
import type { Figure, PageResults, PeerResults } from './page-results.ts'
import type { PeerName } from './peers.ts'
import type { Spread } from './spread.ts'

interface Column {
  title: string
  figure: Figure
  /** What a figure is multiplied with, to be read. */
  scale?: number
}

const columns: readonly Column[] = [
  { title: 'start-up, ms', figure: 'startUp' },
  { title: '`track` p50, µs', figure: 'trackP50', scale: 1_000 },
  { title: 'p99, µs', figure: 'trackP99', scale: 1_000 },
  { title: 'main thread, µs/event', figure: 'mainThread', scale: 1_000 },
  { title: 'script, µs/event', figure: 'script', scale: 1_000 },
  { title: 'long tasks', figure: 'longTasks' },
  { title: 'by CPU time', figure: 'longTasksByCpu' },
  { title: 'longest, ms CPU', figure: 'longestTask' },
  { title: 'heap, KB', figure: 'heap', scale: 1 / 1_000 },
  { title: 'requests', figure: 'requests' },
  { title: 'bytes/event', figure: 'bytes' },
]

/** A line for each SDK: medians, and in brackets times Waybill's. */
export function toPageTable(results: PageResults): string {
  const { waybill, ...others } = results.peers
  if (!waybill) throw new Error('There is nothing to compare with')
  const { chromium, node } = results.machine
  const toRow = (name: string, keeps: string, bundle: string, cells: readonly string[]) =>
    `| ${[name, keeps, bundle, ...cells].join(' | ')} |`
  const peer = ([name, one]: [string, PeerResults]) =>
    toRow(
      `${name} ${one.version}`,
      one.keeps,
      `${toText(one.bundleBytes / 1_000)} (${toText(one.bundleBytes / waybill.bundleBytes)})`,
      one.figures ? columns.map((column) => toCell(one, column)) : columns.map(() => '–'),
    )
  const plain = (name: string, spreads: Record<Figure, Spread>) =>
    toRow(
      name,
      '',
      '',
      columns.map(({ figure, scale = 1 }) => toText(spreads[figure].median * scale)),
    )
  const failed = Object.entries(others).flatMap(([name, { failed }]) => (failed ? [`${name}: ${failed}.`] : []))
  return [
    `Measured ${results.date}: ${describeMachine(results.machine)}, Chromium ${chromium}, Node ${node}; medians of ${results.rounds} interleaved rounds, in brackets times Waybill's in the same round.`,
    '',
    `| ${['SDK', 'keeps events in', 'bundle, KB', ...columns.map(({ title }) => title)].join(' | ')} |`,
    `|${' --- |'.repeat(columns.length + 3)}`,
    ...Object.entries({ waybill, ...others } as Record<PeerName, PeerResults>).map(peer),
    plain('Waybill, 10,000 events waiting', results.backlog),
    plain('(a call that does nothing)', results.nothing),
    ...(failed.length > 0 ? ['', ...failed] : []),
  ].join('\n')
}

function toCell({ figures, ratios }: PeerResults, { figure, scale = 1 }: Column): string {
  const value = toText((figures?.[figure].median ?? Number.NaN) * scale)
  const ratio = ratios?.[figure].median
  return ratio === undefined || !Number.isFinite(ratio) || figure === 'longTasks'
    ? value
    : `${value} (${toText(ratio)})`
}

const toText = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(2)))
