import { once } from 'node:events'
import { killGroup } from '../kill-group.ts'
import { type Leashed, spawnLeashed } from '../spawn-leashed.ts'

/** A screen that nobody sees, for an engine that has no headless mode. */
export interface Display {
  /** What `DISPLAY` is set to. */
  name: string
  close(): Promise<void>
}

export async function openDisplay(xvfb: string): Promise<Display> {
  // It chooses a free number by itself and prints it. Without `-noreset` it starts anew when its last window is gone, and
  // turns away who comes meanwhile: the browser that is reopened after a kill.
  const child = spawnLeashed(
    xvfb,
    ['-displayfd', '1', '-noreset', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp', '-ac'],
    {},
  )
  child.stderr.resume()
  return {
    name: `:${await firstLine(child)}`,
    async close() {
      const exited = once(child, 'exit')
      killGroup(child.pid)
      await exited
    },
  }
}

const firstLine = ({ stdout }: Leashed): Promise<string> =>
  new Promise((resolve, reject) => {
    let printed = ''
    stdout
      .setEncoding('utf8')
      .on('data', (text: string) => {
        printed += text
        if (printed.includes('\n')) resolve(printed.trim())
      })
      .once('end', () => reject(new Error('The display could not be opened')))
  })
