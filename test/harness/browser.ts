import { type BrowserContext, chromium, type Page } from 'playwright'
import { chromiumFlags, findChromium } from '../ensure-chromium.ts'
import { killGroup } from './kill-group.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A real Chromium on a profile of its own, which outlives the browser. */
export interface Browser extends AsyncDisposable {
  newPage(): Promise<Page>
  setOffline(offline: boolean): Promise<void>
  /** Ends it as a person does. */
  quit(): Promise<void>
  /** SIGKILL to all its processes. Resolves when they are gone. */
  kill(): Promise<void>
  /** Starts it again on the same profile. */
  reopen(): Promise<void>
  close(): Promise<void>
}

export async function openBrowser(): Promise<Browser> {
  const profile = await temporaryFolder('profile')
  let context = await launch(profile.path)

  async function kill(): Promise<void> {
    const closed = new Promise((resolve) => context.once('close', resolve))
    for (const pid of await processIds(context)) killProcess(pid)
    await closed
  }

  async function close(): Promise<void> {
    await context.close()
    await profile[Symbol.asyncDispose]()
  }

  return {
    newPage: () => context.newPage(),
    setOffline: (offline) => context.setOffline(offline),
    quit: () => context.close(),
    kill,
    async reopen() {
      context = await launch(profile.path)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function launch(profile: string): Promise<BrowserContext> {
  const executablePath = findChromium()
  if (!executablePath) throw new Error('No Chromium found. `node test/ensure-chromium.ts` installs one.')
  return chromium.launchPersistentContext(profile, { executablePath, args: chromiumFlags })
}

/** The browser names its own processes, so that this works on every system; the browser process comes first. */
async function processIds(context: BrowserContext): Promise<number[]> {
  const session = await context.browser()?.newBrowserCDPSession()
  if (!session) throw new Error('The browser has no debugging session')
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  return processInfo.toSorted((a, b) => Number(b.type === 'browser') - Number(a.type === 'browser')).map(({ id }) => id)
}

/** Playwright makes the browser the leader of its process group; its helpers may have gone their own way. */
function killProcess(pid: number): void {
  killGroup(pid)
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
