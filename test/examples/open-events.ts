import { dirname } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { readQuery } from './questions.ts'

/** What a query answered, as texts. */
export interface Answer {
  columns: string[]
  rows: string[][]
}

/** A DuckDB in memory that reads what lies in a folder `events`. */
export interface Events extends Disposable {
  ask(sql: string): Promise<Answer>
}

/** @param folder the folder `events`, with R2's objects under their keys */
export async function openEvents(folder: string): Promise<Events> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(`SET file_search_path = '${dirname(folder).replaceAll("'", "''")}'`)
  for (const view of ['events', 'start-stop/events']) await connection.run(await readQuery(view))
  return {
    async ask(sql) {
      const reader = await connection.runAndReadAll(sql)
      return { columns: reader.columnNames(), rows: reader.getRowsJson().map((row) => row.map(String)) }
    },
    [Symbol.dispose]() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}
