import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import puppeteer, { type Browser, type Page } from 'puppeteer-core'
import { findFirefox } from '../../browsers/find-firefox.ts'
import { killGroup } from '../kill-group.ts'
import { type Leashed, spawnLeashed } from '../spawn-leashed.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { busyProcess } from './busy-process.ts'
import type { Engine, EngineBrowser, EnginePage } from './engine.ts'
import { goBack } from './go-back.ts'

/** Firefox, which puppeteer drives over WebDriver BiDi. It is started here and not by puppeteer, so that it is on a leash. */
export const firefox: Engine = {
  name: 'Firefox',
  unavailable: () => (findFirefox() ? undefined : 'no Firefox is installed'),
  open,
}

const PREFERENCES = {
  // So that a page can be left by its own `close()`, in the tick in which it tracks.
  'dom.allow_scripts_to_close_windows': true,
  // What it opens again after a kill would be in the way of what the test opens.
  'browser.sessionstore.resume_from_crash': false,
  'toolkit.startup.max_resumed_crashes': -1,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.server': '',
  'app.normandy.enabled': false,
}

interface Running {
  process: Leashed
  browser: Browser
}

async function open(): Promise<EngineBrowser> {
  const profile = await temporaryFolder('firefox')
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`)
  await writeFile(join(profile.path, 'user.js'), lines.join('\n'))
  let running = await launch(profile.path)

  const ended = ({ process: { exitCode, signalCode } }: Running) => exitCode !== null || signalCode !== null

  async function kill(): Promise<void> {
    if (ended(running)) return
    const exited = once(running.process, 'exit')
    killGroup(running.process.pid)
    await exited
  }

  async function quit(): Promise<void> {
    const exited = once(running.process, 'exit')
    await running.browser.close()
    await exited
  }

  async function close(): Promise<void> {
    await kill()
    await profile[Symbol.asyncDispose]()
  }

  return {
    version: (await running.browser.version()).replace('firefox/', ''),
    newPage: async (url) => toEnginePage(await running.browser.newPage(), url, running.process.pid),
    async setOffline(offline) {
      for (const page of await running.browser.pages()) await page.setOfflineMode(offline)
    },
    quit,
    kill,
    async reopen() {
      running = await launch(profile.path)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function launch(profile: string): Promise<Running> {
  const path = findFirefox()
  if (!path) throw new Error('No Firefox found. `node test/ensure-browsers.ts` installs one.')
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port=0', 'about:blank']
  const child = spawnLeashed(path, args, { MOZ_CRASHREPORTER_DISABLE: '1' })
  child.stdout.resume()
  try {
    const browserWSEndpoint = `${await addressOf(child)}/session`
    return { process: child, browser: await puppeteer.connect({ browserWSEndpoint, protocol: 'webDriverBiDi' }) }
  } catch (error) {
    killGroup(child.pid)
    throw error
  }
}

/** Firefox says on stderr where it listens. */
const addressOf = ({ stderr }: Leashed): Promise<string> =>
  new Promise((resolve, reject) => {
    let printed = ''
    stderr
      .setEncoding('utf8')
      .on('data', (text: string) => {
        printed += text
        const [, address] = /WebDriver BiDi listening on (ws:\S+)/.exec(printed) ?? []
        if (address) resolve(address)
      })
      .once('end', () => reject(new Error(`Firefox ended. It printed:\n${printed}`)))
  })

async function toEnginePage(page: Page, url: string, root: number): Promise<EnginePage> {
  await page.goto(url)
  const evaluate = <Result, Arg>(run: (arg: Arg) => Result | Promise<Result>, arg?: Arg): Promise<Result> =>
    page.evaluate(run as (arg: unknown) => Result | Promise<Result>, arg)

  const arrive = (url: string): Promise<void> =>
    new Promise((resolve) => {
      const check = () => {
        if (page.url() !== url) return
        page.off('load', check)
        resolve()
      }
      page.on('load', check)
    })

  return {
    evaluate,
    async goto(url) {
      // Puppeteer's own waits for ever once the tab has shown a page out of the back/forward cache.
      const arrived = arrive(url)
      void evaluate((url) => location.assign(url), url).catch(() => {})
      await arrived
    },
    async reload() {
      await page.reload()
    },
    goBack: () => goBack({ evaluate }),
    arrive,
    closed: () => (page.isClosed() ? Promise.resolve() : new Promise((resolve) => page.once('close', () => resolve()))),
    close: () => page.close({ runBeforeUnload: true }),
    async crash() {
      process.kill(await busyProcess(root, { evaluate }), 'SIGKILL')
    },
  }
}
