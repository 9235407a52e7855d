import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { examples, toSinkTable } from '../packages/collector/test/sink-table.ts'
import { findPart } from './harness/readme-part.ts'

// Writes into the README what each sink says of itself.

const path = join(import.meta.dirname, '../README.md')
const readme = await readFile(path, 'utf8')
const { begin, end } = findPart(readme, 'sinks')
await writeFile(path, `${readme.slice(0, begin)}${toSinkTable(examples)}\n${readme.slice(end)}`)
