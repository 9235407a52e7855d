import { readFileSync, realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { isExecutable } from './is-executable.ts'

interface Whereabouts {
  /** The environment variable that overrides every search. */
  variable: string
  /** What it may be called on PATH. */
  names: readonly string[]
  /** Where it may be besides. */
  places?: readonly string[]
}

/** The path of a program that the tests can run: what the variable says, else the first one on PATH or in the usual places. */
export function findProgram({ variable, names, places = [] }: Whereabouts): string | undefined {
  const chosen = process.env[variable]
  if (chosen) {
    if (isExecutable(chosen)) return chosen
    throw new Error(`${variable} is ${chosen}, which cannot be run. Correct it, or unset it to let one be found.`)
  }
  return [...names.flatMap(onPath), ...places].find((path) => isExecutable(path) && !isSnap(path))
}

const onPath = (name: string) =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))

/** A snap sees its own /tmp, so it can't open our profiles; and Ubuntu's package is only a script that asks for the snap. */
function isSnap(path: string): boolean {
  const file = realpathSync(path)
  if (file === '/usr/bin/snap' || file.startsWith('/snap/')) return true
  const start = readFileSync(file).subarray(0, 4096).toString('latin1')
  return start.startsWith('#!') && start.includes('/snap/bin/')
}
