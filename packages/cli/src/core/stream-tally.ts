import type { StreamId } from '@waybill/protocol'
import { addRange, includes, intersect, type Ranges } from './ranges.ts'
import type { Line } from './read-line.ts'
import type { Explanation, Fork, Position } from './report.ts'
import { addValue, emptySketch, type Sketch } from './sketch.ts'

/** What has been seen of one stream: it grows with gaps and repeats, not with events. */
export interface StreamTally {
  readonly index: number
  readonly streamId: StreamId
  /** The sites that its objects lie below. */
  keys: string[]
  /** Seqs of which an event is there. */
  held: Ranges
  /** Seqs that a tombstone stands for. */
  explained: Ranges<Explanation>
  /** Seqs that one delivery rejected, and another rejected for another reason or had a tombstone for that is its own. */
  rejectedOtherwise: Ranges
  /** Seqs that a batch says it holds. */
  claimed: Ranges
  /** Seqs that came more than once, and whose contents are to be compared. */
  again: Ranges
  forks: Fork[]
  highest: number
  /** The latest time at which anything up to `highest` was received. */
  highestAt: number
  latestBatch: string
  late: { batches: number; events: number; first: Position | undefined; batch: string }
  lag: Sketch
  skew: { min: number; max: number } | undefined
}

/** Where a line was read. */
export interface LinePosition extends Position {
  line: number
  /** Whether its file is an object of an object store: these are read in the order of their names, not as they came. */
  isObject: boolean
}

export const emptyTally = (index: number, streamId: StreamId): StreamTally => ({
  index,
  streamId,
  keys: [],
  held: [],
  explained: [],
  rejectedOtherwise: [],
  claimed: [],
  again: [],
  forks: [],
  highest: 0,
  highestAt: Number.NEGATIVE_INFINITY,
  latestBatch: '',
  late: { batches: 0, events: 0, first: undefined, batch: '' },
  lag: emptySketch(),
  skew: undefined,
})

/** Adds one line of the stream. */
export function tally(stream: StreamTally, line: Line, position: LinePosition): void {
  const { seq, through, delivery } = line
  if (delivery && delivery.batchId !== stream.latestBatch) {
    stream.latestBatch = delivery.batchId
    addRange(stream.claimed, delivery.first, delivery.last, undefined)
    if (delivery.skewMs !== undefined) {
      const { min, max } = stream.skew ?? { min: delivery.skewMs, max: delivery.skewMs }
      stream.skew = { min: Math.min(min, delivery.skewMs), max: Math.max(max, delivery.skewMs) }
    }
  }
  const isNew = line.kind === 'event' ? addEvent(stream, seq) : addTombstone(stream, line, position)
  if (isNew) checkOrder(stream, line, position)
  // A repeat says how late it is itself, and not how late the event was.
  if (isNew && line.kind === 'event' && delivery) {
    const lag = delivery.at - line.timestamp
    if (!Number.isNaN(lag)) addValue(stream.lag, lag)
  }
  if (through > stream.highest) {
    stream.highest = through
    // Not so where the clock can't be read: `NaN` is not greater.
    if (delivery && delivery.at > stream.highestAt) stream.highestAt = delivery.at
  }
}

/** @returns whether the seq is seen for the first time */
function addEvent(stream: StreamTally, seq: number): boolean {
  const isRepeat = addRange(stream.held, seq, seq, undefined).length > 0 || includes(stream.explained, seq)
  if (isRepeat) addRange(stream.again, seq, seq, undefined)
  return !isRepeat
}

function addTombstone(
  stream: StreamTally,
  { kind, reason, seq, through }: Exclude<Line, { kind: 'event' }>,
  position: Position,
): boolean {
  const explanation: Explanation = `${kind}: ${reason}`
  const there = addRange(stream.explained, seq, through, explanation)
  const held = intersect(stream.held, seq, through)
  for (const { first, last } of held) addRange(stream.again, first, last, undefined)
  const isRepeat = there[0]?.first === seq || held[0]?.first === seq
  if (isRepeat) addRange(stream.again, seq, seq, undefined)
  for (const { first, last, label } of there) {
    if (label === explanation) continue
    // What the collector rejected is its own word, and another collector may have found otherwise.
    if (kind === 'rejected' || label.startsWith('rejected')) {
      addRange(stream.rejectedOtherwise, first, last, undefined)
      continue
    }
    stream.forks.push({ first, last, kind: 'reason', positions: [position], detail: `${label} and ${explanation}` })
  }
  return !isRepeat
}

/**
 * What is read after a later one has lost its order. Objects are read in the order of their names: there the collector's
 * clock says what came first.
 */
function checkOrder(stream: StreamTally, { seq, delivery }: Line, { file, line, isObject }: LinePosition): void {
  const isBefore = seq < stream.highest
  const at = delivery?.at ?? Number.NaN
  const isLate = isObject ? (isBefore ? at > stream.highestAt : at < stream.highestAt) : isBefore
  if (!isLate) return
  const batch = delivery?.batchId ?? ''
  stream.late.first ??= { file, line }
  stream.late.events++
  if (batch !== stream.late.batch) stream.late.batches++
  stream.late.batch = batch
}
