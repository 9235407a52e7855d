import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from './find-program.ts'

/** WebKitGTK's own small browser, and the display that it draws on. */
export interface WebKitPrograms {
  miniBrowser: string
  xvfb: string
}

/** `WEBKIT_PATH` names the MiniBrowser and `XVFB_PATH` the display server, else those of this machine are taken. */
export function findWebKit(): WebKitPrograms | undefined {
  const miniBrowser = findProgram({ variable: 'WEBKIT_PATH', names: ['MiniBrowser'], places: besideTheLibrary() })
  const xvfb = findProgram({ variable: 'XVFB_PATH', names: ['Xvfb'] })
  return miniBrowser && xvfb ? { miniBrowser, xvfb } : undefined
}

/** The library keeps it in a folder that is named for the machine's kind and the library's version. */
const besideTheLibrary = (): string[] =>
  ['/usr/lib', '/usr/libexec', '/usr/lib64']
    .flatMap((folder) => [folder, ...folders(folder)])
    .flatMap((folder) => folders(folder).filter((path) => /\/webkit(2)?gtk-[\d.]+$/.test(path)))
    .toSorted()
    .toReversed()
    .map((folder) => join(folder, 'MiniBrowser'))

function folders(parent: string): string[] {
  try {
    return readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(parent, name))
  } catch {
    return []
  }
}
