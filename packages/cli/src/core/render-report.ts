import { printable } from './printable.ts'
import { countSeqs } from './ranges.ts'
import type { AuditReport, Distribution, Position, Remark, StreamReport, Totals } from './report.ts'
import { type Column, toTable } from './table.ts'

/** How many rows each list has, but for `--all`. */
const ROWS = 20

/** An audit's report for people: the verdict, the sums, what is wrong, and the streams, those with most to say first. */
export function renderReport(report: AuditReport, { all = false }: { all?: boolean } = {}): string {
  const { totals, streams, remarks, lagMs, skewMs } = report
  const most = all ? Number.POSITIVE_INFINITY : ROWS
  const list = <Item>(
    title: string,
    items: readonly Item[],
    columns: readonly Column[],
    rows: (item: Item) => string[][],
  ) =>
    items.length === 0
      ? []
      : [`${title}\n${toTable(columns, items.slice(0, most).flatMap(rows))}${more(items.length, most)}`]
  const perStream = <Item>(pick: (stream: StreamReport) => readonly Item[]) =>
    streams.flatMap((stream) => pick(stream).map((item) => ({ stream, item })))

  const sections = [
    renderVerdict(report),
    renderTotals(totals, lagMs, skewMs),
    ...list(
      'Missing, and nothing says why',
      perStream(({ missing }) => missing),
      PLAIN,
      ({ stream, item }) => [
        [
          stream.streamId,
          seqs(item),
          item.kind === 'line' ? 'their batch has come, without them' : 'no batch that holds them has come',
        ],
      ],
    ),
    ...list(
      'Forks',
      perStream(({ forks }) => forks),
      PLAIN,
      ({ stream, item }) => [
        [stream.streamId, seqs(item), printable(item.detail)],
        ...item.positions.map((position) => ['', '', place(position)]),
      ],
    ),
    ...list(
      'Gaps that say why',
      perStream(({ explained }) => explained),
      PLAIN,
      ({ stream, item }) => [[stream.streamId, seqs(item), printable(item.explanation)]],
    ),
    ...list(
      'Out of order',
      streams.filter(({ late }) => late.lines > 0),
      PLAIN,
      ({ streamId, late }) => [
        [
          streamId,
          `${count(late.batches, 'batch', 'batches')}, ${count(late.lines, 'line')}`,
          late.first ? `first at ${place(late.first)}` : '',
        ],
      ],
    ),
    ...list(
      'Streams below several keys',
      streams.filter(({ keys }) => keys.length > 1),
      PLAIN,
      ({ streamId, keys }) => [[streamId, printable(keys.join(', '))]],
    ),
    ...list(
      'Rejected in one delivery and held in another',
      streams.filter(({ rejectedAndHeld }) => rejectedAndHeld > 0),
      PLAIN,
      ({ streamId, rejectedAndHeld }) => [[streamId, count(rejectedAndHeld, 'event')]],
    ),
    ...list(remarkTitle(remarks, totals), remarks, PLAIN, (remark) => [[place(remark), printable(remark.detail)]]),
    ...list('Streams', [...streams].sort(byWorst), STREAM_COLUMNS, (stream) => [toStreamRow(stream)]),
  ]
  return `${sections.join('\n\n')}\n`
}

const PLAIN: readonly Column[] = [{ title: '' }, { title: '' }, { title: '' }]

const STREAM_COLUMNS: readonly Column[] = [
  { title: 'stream' },
  ...['seqs', 'events', 'shed', 'rejected', 'missing', 'forks', 'repeats', 'late', 'lag p50', 'p99', 'skew'].map(
    (title): Column => ({ title, align: 'right' }),
  ),
]

function toStreamRow(stream: StreamReport): string[] {
  const { streamId, first, last, events, explained, missing, forks, repeats, late, lagMs, skewMs } = stream
  const by = (type: string) => countSeqs(explained.filter(({ explanation }) => explanation.startsWith(type)))
  const numbers = [events, by('shed'), by('rejected'), countSeqs(missing), forks.length, repeats.events, late.lines]
  return [
    streamId,
    `${first}–${last}`,
    ...numbers.map(number),
    ...(lagMs ? [duration(lagMs.p50), duration(lagMs.p99)] : ['', '']),
    skewMs ? range(skewMs) : '',
  ]
}

function renderVerdict({ verdict, totals }: AuditReport): string {
  const { streams, missing, forked, lines } = totals
  switch (verdict) {
    case 'complete':
      return `COMPLETE: ${streams === 1 ? 'the stream holds' : `each of ${number(streams)} streams holds`} every seq from 1 to its last, or a tombstone that says why not.`
    case 'incomplete': {
      const faults = [
        ...(missing > 0 ? [`${count(missing, 'event')} missing without a tombstone`] : []),
        ...(forked > 0 ? [`${count(forked, 'stream')} forked`] : []),
      ]
      return `NOT COMPLETE: ${faults.join(', ')}.`
    }
    case 'unreadable':
      return 'NOT PROVED: no gap and no fork, but not all of the input could be read.'
    case 'empty':
      return `NOTHING TO PROVE: ${lines === 0 ? 'there are no lines' : 'no line is of a stream'}.`
  }
}

function renderTotals(totals: Totals, lag: Distribution | undefined, skew: AuditReport['skewMs']): string {
  const { files, bytes, lines, streams, events, shed, rejected, repeats, lateBatches } = totals
  const rows = [
    ['read', `${count(files, 'file')}, ${number(bytes)} bytes, ${count(lines, 'line')}`],
    ['streams', number(streams)],
    ['events', number(events)],
    ['shed', number(shed)],
    ['rejected', number(rejected)],
    ['missing', number(totals.missing)],
    ['forked', count(totals.forked, 'stream')],
    [
      'repeats',
      `${count(repeats.batches, 'batch', 'batches')}, ${count(repeats.events, 'event')}, ${number(repeats.eventsInOtherBatch)} of them in another batch than at first`,
    ],
    ['out of order', count(lateBatches, 'batch', 'batches')],
    ...(lag
      ? [
          [
            'lag',
            `p50 ${duration(lag.p50)}, p95 ${duration(lag.p95)}, p99 ${duration(lag.p99)}, most ${duration(lag.max)}`,
          ],
        ]
      : []),
    ...(skew ? [['skew', range(skew)]] : []),
  ]
  return toTable([{ title: '' }, { title: '' }], rows)
}

function remarkTitle(remarks: readonly Remark[], { remarks: counts }: Totals): string {
  const all = Object.values(counts).reduce((sum, each) => sum + each, 0)
  const named = remarks.reduce((sum, { line, through }) => sum + (line && through ? through - line + 1 : 1), 0)
  return `About the input${all > named ? ` (the first of ${number(all)})` : ''}`
}

/** What cannot be explained first, then what there is most of. */
const byWorst = (one: StreamReport, other: StreamReport): number =>
  other.forks.length - one.forks.length ||
  countSeqs(other.missing) - countSeqs(one.missing) ||
  other.events - one.events

function place({ file, line, through }: Position & { through?: number }): string {
  const where = printable(file)
  if (line === undefined) return where
  return through ? `${where}:${line}–${through}` : `${where}:${line}`
}

const more = (length: number, most: number): string =>
  length > most ? `\n  … and ${number(length - most)} more; --all lists them, and --json has them` : ''

const seqs = ({ first, last }: { first: number; last: number }): string =>
  first === last ? `seq ${first}` : `seq ${first}–${last} (${number(last - first + 1)})`

const number = (value: number): string => value.toLocaleString('en')

const count = (value: number, one: string, several = `${one}s`): string =>
  `${number(value)} ${value === 1 ? one : several}`

const range = ({ min, max }: { min: number; max: number }): string =>
  min === max ? duration(min) : `${duration(min)} to ${duration(max)}`

const UNITS: readonly [ms: number, unit: string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
]

/** Milliseconds in the largest unit that leaves a number from 1 on. */
function duration(ms: number): string {
  const [size, unit] = UNITS.find(([each]) => Math.abs(ms) >= each) ?? [1, 'ms']
  return `${Number((ms / size).toFixed(size === 1 ? 0 : 1))} ${unit}`
}
