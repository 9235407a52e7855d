import type { Setting, SinkCheck } from './definition.ts'
import { printable } from './printable.ts'
import { toTable } from './table.ts'

/** What `waybill check` found out. */
export interface CheckReport {
  configuration: readonly Setting[]
  /** What to know of the bindings. */
  note?: string | undefined
  /** Absent where nothing was sent. */
  sinks?: readonly SinkCheck[] | undefined
}

const columns = (count: number) => Array.from({ length: count }, () => ({ title: '' }))

/** The effective configuration, and what became of the marked event at each sink, for people. */
export function renderCheck({ configuration, note, sinks }: CheckReport): string {
  const settings = configuration.map(({ name, value }, index) => [
    configuration[index - 1]?.name === name ? '' : name,
    printable(value),
  ])
  const parts = [`Configuration\n${toTable(columns(2), settings)}`]
  if (note !== undefined) parts.push(note)
  if (sinks) {
    const rows = sinks.map(({ name, deadLetter, outcome, ms, detail = '' }) => [
      deadLetter ? `${name} (dead letter)` : name,
      outcome,
      `${ms} ms`,
      printable(detail),
    ])
    parts.push(`An event "Waybill Check" of the site waybill-check\n${toTable(columns(4), rows)}`)
  }
  return `${parts.join('\n\n')}\n`
}
