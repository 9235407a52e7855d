import type { Row } from './line.ts'
import { lastBoot, type RawRecord } from './operation.ts'
import { MARK, type Mark } from './records.ts'

export interface LastRun {
  run: number
  boot: string | undefined
}

/**
 * The raw records that are not stamped yet, each once, in the order in which they were left: by their keys' UUIDs,
 * which sort by time and, of one page, by order of call.
 *
 * @param rows of the store and of the last words, where the same record may be found again
 * @param marks by their keys
 * @returns with the last run of each tab, and its last boot, by its mark's key, once these are stamped
 */
export function sift(
  rows: readonly Row[],
  marks: ReadonlyMap<string, Mark>,
): { fresh: RawRecord[]; stamped: Map<string, LastRun> } {
  const stamped = new Map<string, LastRun>()
  const seen = new Set<string>()
  const fresh: RawRecord[] = []
  for (const [, value] of [...rows].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const record = Object(value) as RawRecord
    if (!Array.isArray(record.operations)) continue // Damaged, or somebody else's.
    const key = MARK + record.tab
    const name = `${key} ${record.run}`
    // What is damaged has none, and is stamped as far as it goes.
    const numbered = record.run > 0
    // Not by the run before it: where the clock was set back, a later one may come first.
    if (numbered && (record.run <= Object(marks.get(key)).run || seen.has(name))) continue
    fresh.push(record)
    if (!numbered) continue
    seen.add(name)
    const { run = 0, boot } = stamped.get(key) ?? {}
    stamped.set(key, { run: Math.max(record.run, run), boot: lastBoot(record.operations) ?? boot })
  }
  return { fresh, stamped }
}
