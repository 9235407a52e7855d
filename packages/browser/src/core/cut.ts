import { byteLength, type Limits, type Seq, type StreamId, toBatchId } from '@waybill/protocol'
import type { Cut } from './records.ts'
import type { Key } from './store.ts'
import { timestamp } from './timestamp.ts'

/** A stored line as the store lends it. */
export type Row = readonly [Key, unknown]

/**
 * Cuts the next batch from the oldest lines that are in none: as many of one stream as the limits allow.
 *
 * @param rows uncut lines in key order
 * @returns the cut and its lines; undefined when there are none
 */
export function cutNext(rows: readonly Row[], now: number, limits: Limits): { cut: Cut; rows: Row[] } | undefined {
  const taken: Row[] = []
  let bytes = limits.headerBytes
  for (const row of rows) {
    bytes += byteLength(row[1] as string) + 1
    const another = row[0][0] !== rows[0]?.[0][0]
    if (another || taken.length === limits.batchEvents || (taken.length > 0 && bytes > limits.batchBytes)) break
    taken.push(row)
  }
  return taken.length > 0 ? { cut: cutRows(taken, timestamp(now)), rows: taken } : undefined
}

/** Redraws a cut as two, for a collector whose limits are lower than ours: the one case in which a cut is redrawn. */
export function halve({ cutAt }: Cut, rows: readonly Row[]): [Cut, Cut] {
  const middle = Math.ceil(rows.length / 2)
  return [cutRows(rows.slice(0, middle), cutAt), cutRows(rows.slice(middle), cutAt)]
}

function cutRows(rows: readonly Row[], cutAt: string): Cut {
  const [key, text] = rows[0] as Row
  const [number, first] = key as [number, Seq]
  const last = (rows.at(-1) as Row)[0][1] as Seq
  // Every line begins with `{"streamId":"<36 characters>"`: an event says by itself which stream it is of.
  const streamId = (text as string).slice(13, 49) as StreamId
  return { number, batchId: toBatchId(streamId, first, last), streamId, first, last, cutAt, attempt: 0 }
}
