import type { Compared, Difference } from './compare-repeats.ts'
import type { Run } from './digest-log.ts'
import { countSeqs, intersect, type Range, without } from './ranges.ts'
import type { Remarks } from './remarks.ts'
import {
  type AuditReport,
  type Distribution,
  type Explanation,
  type Fork,
  type Missing,
  type Position,
  type Remark,
  type StreamReport,
  type Totals,
  unreadableKinds,
} from './report.ts'
import { addSketch, emptySketch, quantile, type Sketch } from './sketch.ts'
import type { StreamTally } from './stream-tally.ts'

/** What was read, of all streams. */
export interface Input {
  files: readonly string[]
  bytes: number
  lines: number
  remarks: Pick<Remarks, 'list' | 'counts'>
}

/** Says what was found, when all is read and what came twice is compared. */
export function toReport(
  tallies: readonly StreamTally[],
  compared: ReadonlyMap<number, Compared>,
  { files, bytes, lines, remarks }: Input,
): AuditReport {
  const streams = tallies.map((tally) => toStreamReport(tally, compared.get(tally.index), files))
  const totals = toTotals(streams, { files: files.length, bytes, lines, remarks: remarks.counts })
  const lag = emptySketch()
  for (const tally of tallies) addSketch(lag, tally.lag)
  const skew = tallies.reduce(
    ({ min, max }, { skew }) => ({ min: Math.min(min, skew?.min ?? min), max: Math.max(max, skew?.max ?? max) }),
    { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY },
  )
  return {
    verdict: toVerdict(totals),
    totals,
    ...toLag(lag),
    ...(skew.min <= skew.max && { skewMs: skew }),
    streams,
    remarks: [...remarks.list],
  }
}

function toVerdict({ streams, missing, forked, remarks }: Totals): AuditReport['verdict'] {
  if (missing > 0 || forked > 0) return 'incomplete'
  if (Object.keys(remarks).some((kind) => unreadableKinds.has(kind as Remark['kind']))) return 'unreadable'
  return streams > 0 ? 'complete' : 'empty'
}

function toStreamReport(
  stream: StreamTally,
  { repeats, differences }: Compared = {
    repeats: { batches: 0, events: 0, eventsInOtherBatch: 0 },
    differences: [],
  },
  files: readonly string[],
): StreamReport {
  const { streamId, keys, held, explained, claimed, late, skew } = stream
  const last = Math.max(0, ...[held, explained, claimed].map((ranges) => ranges.at(-1)?.at(-1)?.last ?? 0))
  const first = Math.min(...[held, explained, claimed].map((ranges) => ranges[0]?.[0]?.first ?? last))
  return {
    streamId,
    keys,
    first,
    last,
    events: countSeqs(held.flat()),
    explained: explained.flat().flatMap((range) =>
      without(held, range.first, range.last).map((seqs) => ({
        first: seqs.first,
        last: seqs.last,
        explanation: range.label,
      })),
    ),
    missing: findMissing(stream, last),
    forks: toForks(stream, differences, files),
    repeats,
    rejectedAndHeld: countSeqs(findRejectedAndHeld(stream)),
    late: { batches: late.batches, lines: late.events, ...(late.first && { first: late.first }) },
    ...toLag(stream.lag),
    ...(skew && { skewMs: skew }),
  }
}

function findMissing({ held, explained, claimed }: StreamTally, last: number): Missing[] {
  const kinds = (from: number, to: number): Missing[] => [
    ...intersect(claimed, from, to).map(({ first, last }) => ({ first, last, kind: 'line' as const })),
    ...without(claimed, from, to).map(({ first, last }) => ({ first, last, kind: 'batch' as const })),
  ]
  return without(held, 1, last)
    .flatMap(({ first, last }) => without(explained, first, last))
    .flatMap(({ first, last }) => kinds(first, last))
    .sort((one, other) => one.first - other.first)
}

/** Seqs that one delivery rejected and another holds, without those that were rejected for one of `others`. */
const findRejectedAndHeld = (
  { explained, held }: Pick<StreamTally, 'explained' | 'held'>,
  others: readonly Explanation[] = [],
): Range[] =>
  explained
    .flat()
    .flatMap(({ first, last, label }) =>
      label.startsWith('rejected') && !others.includes(label) ? intersect(held, first, last) : [],
    )

/** Not for the collector's limits: the digest by which it tells batches apart knows nothing of these. */
const NOT_BY_LIMITS: readonly Explanation[] = ['rejected: erased', 'rejected: refused_by_sink']

function toForks(stream: StreamTally, differences: readonly Difference[], files: readonly string[]): Fork[] {
  const place = (run: Run, seq: number): Position => ({
    file: files[run.file] as string,
    line: run.line + (run.kind === 'event' ? (seq - run.first) * run.step : 0),
  })
  const batch = ({ batchFirst, batchLast }: Run) => (batchLast ? `batch ${batchFirst}-${batchLast}` : 'no batch')
  const content = (run: Run) => `${run.kind === 'event' ? 'an event' : 'a tombstone'} in ${batch(run)}`
  const found = differences.map(
    ({ first, last, runs: [one, other] }): Fork => ({
      first,
      last,
      kind: 'content',
      positions: [place(one, first), place(other, first)],
      detail:
        content(one) === content(other)
          ? `two contents in ${batch(one)}`
          : `${content(one)}, and otherwise ${content(other)}`,
    }),
  )
  const explained = new Set(found.flatMap(({ positions }) => positions.map(({ file }) => file)))
  // The collector puts a batch beside another one as well when it rejected something else of the same lines.
  const otherwise = [...findRejectedAndHeld(stream, NOT_BY_LIMITS), ...stream.rejectedOtherwise.flat()]
  const isExplained = ({ first, last, positions }: Fork) =>
    explained.has(positions[0]?.file as string) || otherwise.some((seqs) => seqs.first <= last && seqs.last >= first)
  const left = stream.forks.filter((fork) => fork.kind !== 'object' || !isExplained(fork))
  return [...found, ...left].sort((one, other) => one.first - other.first)
}

function toLag(sketch: Sketch): { lagMs?: Distribution } {
  if (sketch.count === 0) return {}
  const at = (share: number) => Math.round(quantile(sketch, share) as number)
  return { lagMs: { min: sketch.min, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sketch.max } }
}

function toTotals(
  streams: readonly StreamReport[],
  input: Pick<Totals, 'files' | 'bytes' | 'lines' | 'remarks'>,
): Totals {
  const sum = (count: (stream: StreamReport) => number) => streams.reduce((total, each) => total + count(each), 0)
  const explainedBy = (type: string) =>
    sum(({ explained }) => countSeqs(explained.filter(({ explanation }) => explanation.startsWith(type))))
  return {
    ...input,
    streams: streams.length,
    events: sum(({ events }) => events),
    shed: explainedBy('shed'),
    rejected: explainedBy('rejected'),
    missing: sum(({ missing }) => countSeqs(missing)),
    repeats: {
      batches: sum(({ repeats }) => repeats.batches),
      events: sum(({ repeats }) => repeats.events),
      eventsInOtherBatch: sum(({ repeats }) => repeats.eventsInOtherBatch),
    },
    lateBatches: sum(({ late }) => late.batches),
    lateLines: sum(({ late }) => late.lines),
    forked: streams.filter(({ forks }) => forks.length > 0).length,
  }
}
