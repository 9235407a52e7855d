import type { Answer } from './open-events.ts'
import { countParts, type Question } from './questions.ts'

/** A question, its query and the answer, as `pnpm examples` prints them. */
export const renderAnswer = ({ asks, sql }: Question, answer: Answer): string =>
  [asks, sql, toTable(answer)].join('\n\n')

/** Columns as wide as their widest text, two spaces apart; numbers stand on the right. */
function toTable({ columns, rows }: Answer): string {
  const lines = [columns, ...rows]
  const cells = columns.map((_, index) => {
    const texts = lines.map((line) => line[index] ?? '')
    const width = Math.max(...texts.map(({ length }) => length))
    const isNumber = texts.slice(1).every((text) => /^[\d.]+$/.test(text))
    return texts.map((text) => (isNumber ? text.padStart(width) : text.padEnd(width)))
  })
  return lines
    .map((_, line) =>
      cells
        .map((texts) => texts[line])
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** What each question needs in either model, as a table in Markdown. */
export const renderComparison = (questions: readonly Question[]): string =>
  [
    '| Question | Complete events | Start and stop events |',
    '|---|---|---|',
    ...questions.map(({ name, asks, sql, startStop }) => {
      const [title] = asks.split(':')
      return `| ${title} | ${link(name, sql)} | ${link(`start-stop/${name}`, startStop)} |`
    }),
  ].join('\n')

function link(path: string, sql: string): string {
  const { joins, windows } = countParts(sql)
  const parts = [count(joins, 'join'), ...(windows > 0 ? [count(windows, 'window')] : [])]
  return `[${parts.join(', ')}](apps/shop/queries/${path}.sql), ${count(sql.split('\n').length, 'line')}`
}

const count = (number: number, noun: string): string => `${number || 'no'} ${noun}${number === 1 ? '' : 's'}`
