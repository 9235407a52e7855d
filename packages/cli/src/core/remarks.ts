import type { Remark } from './report.ts'

export interface Remarks {
  add(remark: Remark): void
  /** The first so many. */
  readonly list: readonly Remark[]
  /** All of them by kind, in lines or files. */
  readonly counts: Readonly<Partial<Record<Remark['kind'], number>>>
}

/** Gathers remarks: those of neighbouring lines become one, and after so many they are only counted. */
export function createRemarks(most = 1_000): Remarks {
  const list: Remark[] = []
  const counts: Partial<Record<Remark['kind'], number>> = {}
  let latest: Remark | undefined
  return {
    list,
    counts,
    add(remark) {
      counts[remark.kind] = (counts[remark.kind] ?? 0) + 1
      const { kind, file, line } = remark
      if (latest?.kind === kind && latest.file === file && line !== undefined) {
        const end = latest.through ?? latest.line
        // Two members of an array share their line.
        if (end === line) return
        if (end === line - 1) {
          latest.through = line
          return
        }
      }
      latest = { ...remark }
      if (list.length < most) list.push(latest)
    },
  }
}
