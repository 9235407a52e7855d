import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EngineName } from '../engines/engine.ts'
import type { Measured } from './row.ts'

const FOLDER = join(import.meta.dirname, '../../../node_modules/.cache/waybill-faults')

const fileOf = (engine: EngineName) => join(FOLDER, `${engine}.json`)

/** Keeps what one engine's run has measured for the table of the README. */
export async function keepMeasured(measured: Measured): Promise<void> {
  await mkdir(FOLDER, { recursive: true })
  await writeFile(fileOf(measured.engine), JSON.stringify(measured, undefined, 2))
}

/** What the last run of an engine has measured. */
export const readMeasured = async (engine: EngineName): Promise<Measured> =>
  JSON.parse(await readFile(fileOf(engine), 'utf8'))
