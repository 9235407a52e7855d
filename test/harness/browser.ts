import { type BrowserContext, chromium, type Page } from 'playwright'
import { chromiumFlags, findChromium } from '../browsers/find-chromium.ts'
import { killGroup } from './kill-group.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A real Chromium on a profile of its own, which outlives the browser. */
export interface Browser extends AsyncDisposable {
  /** Where it keeps what outlives it. */
  profile: string
  /** As the browser says it. */
  version: string
  newPage(): Promise<Page>
  /** Opens a tab as a link does: such a page may close itself. Resolves when it has loaded. */
  openTab(url: string): Promise<Page>
  setOffline(offline: boolean): Promise<void>
  /** Ends it as a person does. */
  quit(): Promise<void>
  /** SIGKILL to all its processes. Resolves when they are gone. */
  kill(): Promise<void>
  /** Starts it again on the same profile. */
  reopen(): Promise<void>
  close(): Promise<void>
}

interface BrowserOptions {
  /** Playwright turns it off, and people have it. Default false. */
  backForwardCache?: boolean
  /** More of Chromium's own flags. */
  flags?: readonly string[]
}

export async function openBrowser(options: BrowserOptions = {}): Promise<Browser> {
  const profile = await temporaryFolder('profile')
  let { context, pid } = await launch(profile.path, options)

  async function openTab(url: string): Promise<Page> {
    const [first] = context.pages()
    if (!first) throw new Error('The browser has no tab to open another one from')
    const [tab] = await Promise.all([
      context.waitForEvent('page'),
      first.evaluate((url) => {
        window.open(url, '_blank', 'noopener')
      }, url),
    ])
    await tab.waitForLoadState()
    return tab
  }

  async function kill(): Promise<void> {
    const closed = new Promise((resolve) => context.once('close', resolve))
    killGroup(pid)
    await closed
  }

  async function close(): Promise<void> {
    await context.close()
    await profile[Symbol.asyncDispose]()
  }

  return {
    profile: profile.path,
    version: context.browser()?.version() ?? 'unknown',
    newPage: () => context.newPage(),
    openTab,
    setOffline: (offline) => context.setOffline(offline),
    quit: () => context.close(),
    kill,
    async reopen() {
      ;({ context, pid } = await launch(profile.path, options))
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function launch(profile: string, { backForwardCache = false, flags = [] }: BrowserOptions) {
  const executablePath = findChromium()
  if (!executablePath) throw new Error('No Chromium found. `node test/ensure-browsers.ts` installs one.')
  const ignoreDefaultArgs = backForwardCache ? ['--disable-back-forward-cache'] : []
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: [...chromiumFlags, ...flags],
    ignoreDefaultArgs,
  })
  // Asked for before it is needed: a kill must not wait for the answer.
  return { context, pid: await processId(context) }
}

/**
 * Of the browser process, which names itself, so that this works on every system. Playwright makes it the leader of a
 * group in which all others are. They are not killed by their own ids: one that has gone has left its to somebody else.
 */
async function processId(context: BrowserContext): Promise<number> {
  const session = await context.browser()?.newBrowserCDPSession()
  if (!session) throw new Error('The browser has no debugging session')
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const browser = processInfo.find(({ type }) => type === 'browser')
  if (!browser) throw new Error('The browser does not name its own process')
  return browser.id
}
