import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A question to the events, as a file `<name>.sql` asks it. */
export interface Question {
  name: string
  /** What the query's first comment says. */
  asks: string
  /** One statement on complete events. */
  sql: string
  /** The same of start and stop events. */
  startStop: string
}

const queries = join(import.meta.dirname, '../../apps/shop/queries')

export const readQuery = (path: string): Promise<string> => readFile(join(queries, `${path}.sql`), 'utf8')

export const readQuestions = (): Promise<Question[]> =>
  Promise.all(
    ['sessions-per-day', 'funnel', 'first-touch', 'abandoned-checkouts'].map(async (name) => {
      const [sql, startStop] = await Promise.all([readQuery(name), readQuery(`start-stop/${name}`)])
      const [first = ''] = sql.split('\n')
      return { name, asks: first.replace(/^-- /, ''), sql: withoutComments(sql), startStop: withoutComments(startStop) }
    }),
  )

const withoutComments = (sql: string): string => sql.replaceAll(/^--.*\n/gm, '').trim()

/** What a query puts together: its joins, and its windows over other rows. */
export const countParts = (sql: string): { joins: number; windows: number } => ({
  joins: sql.match(/\bJOIN\b/gi)?.length ?? 0,
  windows: sql.match(/\bOVER\b/gi)?.length ?? 0,
})
