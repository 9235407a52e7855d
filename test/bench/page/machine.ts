import { availableParallelism, cpus, totalmem } from 'node:os'
import { openBrowser } from '../../harness/browser.ts'

/** What a figure was measured on, as far as it matters and tells nobody where. */
export interface Machine {
  /** Its model. */
  cpu: string
  cores: number
  memoryGiB: number
  node: string
}

export const machine = (): Machine => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
})

export const today = (): string => new Date().toISOString().slice(0, 10)

/** In words, for a table. */
export const describeMachine = ({ cpu, cores, memoryGiB }: Machine): string =>
  `${cpu}, ${cores} cores, ${memoryGiB} GiB`

/** As the browser says it. */
export async function chromiumVersion(): Promise<string> {
  const browser = await openBrowser()
  try {
    return browser.version
  } finally {
    await browser.close()
  }
}
