import { byteLength, type Limits, type Seq, toBatchId } from '@waybill/protocol'
import { type Row, readStart, toTombstone } from './line.ts'
import type { Cut } from './records.ts'
import { timestamp } from './timestamp.ts'

/**
 * Cuts the next batch from the oldest lines that are in none: as many of one stream as the limits allow.
 *
 * @param rows uncut lines in key order
 * @returns the cut and its lines; undefined when there are none
 */
export function cutNext(rows: readonly Row[], now: number, limits: Limits): { cut: Cut; rows: Row[] } | undefined {
  const known = rows.map(readStart).find((line) => line)
  if (!known) return undefined
  const { number, streamId } = known
  const taken: Row[] = []
  let bytes = limits.headerBytes
  // A damaged one is cut as well: `toLines` puts a tombstone in its place.
  for (const row of rows.filter(([key]) => key[0] === number)) {
    bytes += byteLength(String(row[1])) + 1
    if (taken.length === limits.batchEvents || (taken.length > 0 && bytes > limits.batchBytes)) break
    taken.push(row)
  }
  const [first, last] = [taken[0], taken.at(-1)] as [Row, Row]
  const seq = first[0][1] as Seq
  const cut = {
    number,
    batchId: '' as Cut['batchId'],
    streamId,
    first: seq,
    last: seq,
    cutAt: timestamp(now),
    attempt: 0,
  }
  return { cut: toCut(cut, seq, readStart(last)?.through ?? (last[0][1] as Seq)), rows: taken }
}

/**
 * Redraws a cut as two, for a collector whose limits are lower than ours: the one case in which a cut is redrawn.
 *
 * @param rows two or more
 */
export function halve(cut: Cut, rows: readonly Row[]): [Cut, Cut] {
  const middle = rows[Math.ceil(rows.length / 2)]?.[0][1] as Seq
  const fresh = { ...cut, attempt: 0 }
  return [toCut(fresh, cut.first, (middle - 1) as Seq), toCut(fresh, middle, cut.last)]
}

const toCut = (cut: Cut, first: Seq, last: Seq): Cut => ({
  ...cut,
  batchId: toBatchId(cut.streamId, first, last),
  first,
  last,
})

/** The lines of a cut without a hole: what is missing or damaged has a tombstone, so that it blocks nothing. */
export function toLines({ streamId, first, last }: Cut, rows: readonly Row[]): string[] {
  const lines: string[] = []
  let next: number = first
  const fill = (through: number) => {
    if (through >= next) lines.push(toTombstone(streamId, next, through, 'damaged'))
  }
  for (const row of rows) {
    const line = readStart(row)
    if (line?.streamId !== streamId) continue
    fill(line.seq - 1)
    lines.push(row[1] as string)
    next = line.through + 1
  }
  fill(last)
  return lines
}
