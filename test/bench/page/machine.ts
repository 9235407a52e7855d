import { availableParallelism, totalmem } from 'node:os'
import { openBrowser } from '../../harness/browser.ts'

/** What a figure was measured on, as far as it matters and tells nobody where. */
export const machine = (): { cores: number; memoryGiB: number; node: string } => ({
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
})

export const today = (): string => new Date().toISOString().slice(0, 10)

/** As the browser says it. */
export async function chromiumVersion(): Promise<string> {
  const browser = await openBrowser()
  try {
    return browser.version
  } finally {
    await browser.close()
  }
}
