import type { DigestOf, Run } from './digest-log.ts'
import type { Range } from './ranges.ts'
import type { StreamTally } from './stream-tally.ts'

/** How often a stream's lines came again with the same content. */
export interface Repeats {
  /** How often a batch's first line came again under the same batch id. */
  batches: number
  /** How many events came again. */
  events: number
  /** How many of these came under another batch id than at first. */
  eventsInOtherBatch: number
}

/** Seqs that came twice with different contents, and the two runs of lines that they came in. */
export interface Difference {
  first: number
  last: number
  runs: readonly [Run, Run]
}

export interface Compared {
  repeats: Repeats
  differences: Difference[]
}

/** What is known of a seq that came more than once, while the log is read. */
interface Slot {
  /** The first run that came; the first one with an event, once there is one. */
  line: Run | undefined
  /** The first content that came: what the collector rejected has none. */
  content: { run: Run; high: number; low: number } | undefined
}

/** A part of a stream whose seqs are compared now, and where their slots begin. */
interface Part extends Range {
  from: number
}

/** How many seqs are compared at a time: what there is more of takes more readings of the log, and no more memory. */
const WINDOW = 65_536

/**
 * Compares what came more than once, by digest and exactly, whatever the batches' ranges were.
 *
 * @param readLog reads every run in the order of the lines
 * @returns by stream index; streams without a repeat are left out
 */
export function compareRepeats(
  streams: Iterable<StreamTally>,
  readLog: () => Iterable<{ run: Run; digestOf: DigestOf }>,
  window: number = WINDOW,
): Map<number, Compared> {
  const compared = new Map<number, Compared>()
  for (const parts of toWindows(streams, window)) {
    const slots: Slot[] = []
    for (const { run, digestOf } of readLog()) {
      const own = parts.get(run.stream)
      if (!own) continue
      for (const { first, last, from } of own) {
        // A tombstone of a range is looked at only where something else came.
        for (let seq = Math.max(first, run.first); seq <= Math.min(last, run.last); seq++) {
          const index = from + seq - first
          const slot = slots[index] ?? { line: undefined, content: undefined }
          slots[index] = slot
          let result = compared.get(run.stream)
          if (!result) {
            result = { repeats: { batches: 0, events: 0, eventsInOtherBatch: 0 }, differences: [] }
            compared.set(run.stream, result)
          }
          compare(slot, seq, run, digestOf, result)
        }
      }
    }
  }
  return compared
}

function compare(slot: Slot, seq: number, run: Run, digestOf: DigestOf, { repeats, differences }: Compared): void {
  const { content, line } = slot
  if (run.kind !== 'rejected') {
    const { high, low } = digestOf(seq)
    if (!content) slot.content = { run, high, low }
    else if (high !== content.high || low !== content.low) {
      // Two tombstones were compared when they came, ranges and all.
      if (run.kind === 'event' || content.run.kind === 'event') addDifference(differences, seq, [content.run, run])
      return
    }
  }
  if (!line) {
    slot.line = run
    return
  }
  const isSameBatch = run.batchFirst === line.batchFirst && run.batchLast === line.batchLast
  if (isSameBatch && seq === run.batchFirst) repeats.batches++
  if (run.kind !== 'event') return
  if (line.kind !== 'event') {
    slot.line = run
    return
  }
  repeats.events++
  if (!isSameBatch) repeats.eventsInOtherBatch++
}

function addDifference(differences: Difference[], seq: number, runs: readonly [Run, Run]): void {
  const latest = differences.at(-1)
  if (latest && latest.last === seq - 1 && isSame(latest.runs[0], runs[0]) && isSame(latest.runs[1], runs[1])) {
    latest.last = seq
  } else differences.push({ first: seq, last: seq, runs })
}

/** Whether two runs are of the same delivery, as far as their place tells. */
const isSame = (one: Run, other: Run): boolean =>
  one === other || (one.file === other.file && one.batchFirst === other.batchFirst && one.batchLast === other.batchLast)

/** All that is to be compared, in portions of so many seqs at most. */
function* toWindows(streams: Iterable<StreamTally>, window: number): Generator<Map<number, Part[]>> {
  let parts = new Map<number, Part[]>()
  let size = 0
  for (const { index, again } of streams) {
    for (const range of again.flat()) {
      for (let first = range.first; first <= range.last; ) {
        const last = Math.min(range.last, first + (window - size) - 1)
        const own = parts.get(index) ?? []
        own.push({ first, last, label: undefined, from: size })
        parts.set(index, own)
        size += last - first + 1
        first = last + 1
        if (size < window) continue
        yield parts
        parts = new Map()
        size = 0
      }
    }
  }
  if (size > 0) yield parts
}
