import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AuditReport, StreamReport } from '../src/core/report.ts'
import { auditLines } from './audit-lines.ts'
import { type Entry, tellTruth } from './oracle.ts'
import { deliver, event, range, streamOf, tombstone } from './sink-data.ts'

/** What may be done to data. Numbers choose among what there is, whatever that is. */
const sabotage = fc.oneof(
  ...(
    ['drop', 'repeat', 'move', 'dropBatch', 'repeatBatch', 'moveBatch', 'otherBatch', 'fork', 'forkBatch'] as const
  ).map((kind) => fc.record({ kind: fc.constant(kind), which: fc.nat(200), where: fc.nat(200) })),
)

const piece = fc.record({
  kind: fc.constantFrom('event', 'event', 'event', 'shed', 'rejected'),
  reason: fc.constantFrom('cap', 'age'),
  length: fc.integer({ min: 1, max: 4 }),
  lag: fc.integer({ min: -100_000, max: 100_000_000 }),
})

const streams = fc.array(fc.array(fc.array(piece, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 3,
})

type Piece = typeof piece extends fc.Arbitrary<infer Value> ? Value : never

function toEntries(batches: readonly (readonly Piece[])[], stream: number): Entry[] {
  let next = 1
  return batches.flatMap((pieces) => {
    const first = next
    const entries = pieces.map(({ kind, reason, length, lag }) => {
      const seq = next
      next += kind === 'event' ? 1 : length
      return {
        stream,
        kind: kind as Entry['kind'],
        seq,
        through: next - 1,
        content: kind === 'event' ? 'Clicked' : reason,
        lag,
      }
    })
    return entries.map((entry) => ({ ...entry, batchFirst: first, batchLast: next - 1 }))
  })
}

const isSameBatch = (one: Entry, other: Entry | undefined) =>
  one.stream === other?.stream && one.batchFirst === other.batchFirst && one.batchLast === other.batchLast

function spoil(
  entries: readonly Entry[],
  { kind, which, where }: { kind: string; which: number; where: number },
): Entry[] {
  const chosen = entries[which % Math.max(1, entries.length)]
  if (!chosen) return []
  const at = where % (entries.length + 1)
  const batch = entries.filter((each) => isSameBatch(each, chosen))
  const others = entries.filter((each) => !isSameBatch(each, chosen))
  const otherwise = (each: Entry): Entry => ({
    ...each,
    content: each.kind === 'event' ? `Else ${where % 2}` : 'damaged',
  })
  switch (kind) {
    case 'drop':
      return entries.filter((each) => each !== chosen)
    case 'repeat':
      return entries.toSpliced(at, 0, chosen)
    case 'move':
      return entries.filter((each) => each !== chosen).toSpliced(at, 0, chosen)
    case 'dropBatch':
      return others
    case 'repeatBatch':
      return entries.toSpliced(at, 0, ...batch)
    case 'moveBatch':
      return others.toSpliced(at % (others.length + 1), 0, ...batch)
    case 'otherBatch':
      return entries.toSpliced(at, 0, { ...chosen, batchFirst: chosen.seq, batchLast: chosen.through })
    case 'fork':
      return entries.toSpliced(at, 0, otherwise(chosen))
    default:
      return entries.toSpliced(at, 0, ...batch.map((each, index) => (index % 3 === where % 3 ? otherwise(each) : each)))
  }
}

function toLine({ stream, kind, seq, through, content, batchFirst, batchLast, lag }: Entry): string {
  const streamId = streamOf(stream)
  const range = through > seq ? { through } : {}
  const text =
    kind === 'event'
      ? event(seq, { streamId, name: content, at: 0 })
      : tombstone(seq, { streamId, type: kind, reason: content, ...range })
  return deliver(batchFirst, batchLast, [text], { streamId, at: lag })[0] as string
}

const seqsOf = (ranges: readonly { first: number; last: number }[]) =>
  [...new Set(ranges.flatMap(({ first, last }) => range(first, last)))].sort((one, other) => one - other)

const bySeq = <Item extends { first: number; last: number }>(ranges: readonly Item[], say: (item: Item) => string) =>
  Object.fromEntries(ranges.flatMap((each) => range(each.first, each.last).map((seq) => [seq, say(each)])))

function check({ streams }: AuditReport, entries: readonly Entry[]): void {
  for (const stream of new Set(entries.map((entry) => entry.stream))) {
    const truth = tellTruth(entries.filter((entry) => entry.stream === stream))
    const report = streams.find(({ streamId }) => streamId === streamOf(stream)) as StreamReport
    expect({
      events: report.events,
      explained: bySeq(report.explained, ({ explanation }) => explanation),
      missing: bySeq(report.missing, ({ kind }) => kind),
      forked: seqsOf(report.forks),
      repeats: report.repeats,
      rejectedAndHeld: report.rejectedAndHeld,
      late: report.late.lines,
    }).toEqual({
      events: truth.held.length,
      explained: truth.explained,
      missing: truth.missing,
      forked: truth.forked,
      repeats: truth.repeats,
      rejectedAndHeld: truth.rejectedAndHeld,
      late: truth.late,
    })
    const lags = truth.lags.sort((one, other) => one - other)
    const median = lags[Math.ceil(lags.length / 2) - 1]
    expect(report.lagMs?.min).toBe(lags[0])
    expect(report.lagMs?.max).toBe(lags.at(-1))
    if (median !== undefined) {
      expect(Math.abs((report.lagMs?.p50 ?? 0) - median)).toBeLessThanOrEqual(0.02 * Math.abs(median) + 0.5)
    }
  }
}

test('whatever is done to data, the audit finds what somebody finds who remembers everything', {
  timeout: 60_000,
}, () => {
  fc.assert(
    fc.property(streams, fc.array(sabotage, { maxLength: 8 }), fc.nat(200), (streams, deeds, split) => {
      const entries = deeds.reduce<Entry[]>(spoil, streams.flatMap(toEntries))
      const lines = entries.map(toLine)
      const at = split % (lines.length + 1)
      check(auditLines({ 'a.ndjson': lines.slice(0, at), 'b.ndjson': lines.slice(at) }), entries)
    }),
    { numRuns: 1_000 },
  )
})
