import { byteLength } from '@waybill/protocol'
import { type LineStart, type Row, readStart, toTombstone } from './line.ts'
import type { Key, KeyRange } from './store.ts'

/** `cap`: the buffer would have outgrown its bytes. `age`: it had waited for too long. */
export type ShedReason = 'cap' | 'age'

export interface Shed {
  /** What to write after the removals. */
  tombstones: [Key, string][]
  removals: KeyRange[]
  events: number
  /** By how much there is less of it now. */
  lines: number
  bytes: number
}

/** Tombstones that stand side by side, with the same reason, become one: a full buffer must not fill up with them. */
interface Run {
  first: LineStart
  through: number
  events: number
  lines: number
  bytes: number
}

/**
 * Puts tombstones in the place of events.
 *
 * @param rows uncut lines in key order
 * @param chosen asked for each event in turn
 */
export function shed(rows: readonly Row[], reason: ShedReason, chosen: (line: LineStart, row: Row) => boolean): Shed {
  const result: Shed = { tombstones: [], removals: [], events: 0, lines: 0, bytes: 0 }
  let run: Run | undefined

  const end = () => {
    if (run?.events) {
      const { first, through, events, lines, bytes } = run
      const { number, streamId, seq } = first
      const text = toTombstone(streamId, seq, through, reason)
      result.removals.push([
        [number, seq],
        [number, through],
      ])
      result.tombstones.push([[number, seq], text])
      result.events += events
      result.lines += lines - 1
      result.bytes += bytes - byteLength(text)
    }
    run = undefined
  }

  for (const row of rows) {
    const line = readStart(row)
    const isEvent = line && !line.shed
    if (!line || (isEvent ? !chosen(line, row) : line.shed !== reason)) {
      end()
      continue
    }
    if (run && (run.first.number !== line.number || line.seq !== run.through + 1)) end()
    const bytes = byteLength(row[1] as string)
    run ??= { first: line, through: 0, events: 0, lines: 0, bytes: 0 }
    run.through = line.through
    run.lines++
    run.bytes += bytes
    if (isEvent) run.events++
  }
  end()
  return result
}
