import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findPart } from '../harness/readme-part.ts'

const root = join(import.meta.dirname, '../..')
const pathOf = (name: string) => join(root, 'test/bench/results', `${name}.json`)

export const readResults = async <Results>(name: string): Promise<Results> =>
  JSON.parse(await readFile(pathOf(name), 'utf8'))

export const writeResults = (name: string, results: object): Promise<void> =>
  writeFile(pathOf(name), `${JSON.stringify(results, null, 2)}\n`)

/** Puts a table between the README's markers of that name. */
export async function writeTable(name: string, table: string): Promise<void> {
  const path = join(root, 'README.md')
  const readme = await readFile(path, 'utf8')
  const { begin, end } = findPart(readme, name)
  await writeFile(path, `${readme.slice(0, begin)}\n${table.trimEnd()}\n\n${readme.slice(end)}`)
}
