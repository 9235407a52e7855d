/** One column of a table: its title, and on which side its texts stand. */
export interface Column {
  title: string
  align?: 'left' | 'right'
}

/** Texts in columns as wide as their widest, two spaces apart, each line indented by two. */
export function toTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = columns.some(({ title }) => title !== '') ? [columns.map(({ title }) => title), ...rows] : rows
  const widths = columns.map((_, index) => lines.reduce((most, line) => Math.max(most, (line[index] ?? '').length), 0))
  return lines
    .map((line) => {
      const cells = columns.map(({ align }, index) => {
        const [text, width] = [line[index] ?? '', widths[index] as number]
        return align === 'right' ? text.padStart(width) : text.padEnd(width)
      })
      return `  ${cells.join('  ')}`.trimEnd()
    })
    .join('\n')
}
