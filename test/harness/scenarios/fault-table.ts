import type { Measured, Row } from './row.ts'

/** The README's table: a line for each fault, a column for each engine, and below it why a number is missing or bad. */
export function toFaultTable(measured: readonly Measured[]): string {
  const notes: string[] = []
  const note = (text: string): string => {
    const index = notes.includes(text) ? notes.indexOf(text) : notes.push(text) - 1
    return `<sup>${index + 1}</sup>`
  }
  const toCell = (row: Row | undefined): string => {
    if (!row) return ''
    if ('skipped' in row) return `skipped${note(`Skipped: ${row.skipped}.`)}`
    if ('failed' in row) return `**failed**${note(`Failed: ${firstLine(row.failed)}.`)}`
    const { handedOver, stored, arrived, repeated, lost } = row.tally
    const excuse = row.excuse && lost.length > 0 ? note(`${row.excuse}.`) : ''
    return `${[handedOver, stored, arrived, orBold(repeated), orBold(lost.length)].join(' · ')}${excuse}`
  }

  const faults = [...new Set(measured.flatMap(({ rows }) => rows.map(({ fault }) => fault)))]
  const lines = faults.map((fault) => [
    fault,
    ...measured.map(({ rows }) => toCell(rows.find((row) => row.fault === fault))),
  ])
  const head = ['Fault', ...measured.map(({ engine, version }) => [engine, version].filter(Boolean).join(' '))]
  return [
    '',
    `Measured ${span(measured.map(({ date }) => date))}, ${span(measured.map(({ form }) => form))} form. Each cell: handed over · stored · arrived · repeated · lost.`,
    '',
    toLine(head),
    toLine(head.map(() => '---')),
    ...lines.map(toLine),
    '',
    ...notes.map((text, index) => `${index + 1}. ${text}`),
    '',
  ].join('\n')
}

const toLine = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const orBold = (count: number): string => (count > 0 ? `**${count}**` : '0')

const firstLine = (text: string): string => text.split('\n')[0] ?? ''

/** One word if all are the same, else all of them. */
const span = (values: readonly string[]): string => [...new Set(values)].join(' and ')
