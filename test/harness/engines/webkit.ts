import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { findWebKit, type WebKitPrograms } from '../../browsers/find-webkit.ts'
import { killGroup } from '../kill-group.ts'
import { listen } from '../listen.ts'
import { type Leashed, spawnLeashed } from '../spawn-leashed.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { busyProcess } from './busy-process.ts'
import { type Control, openControl } from './control.ts'
import { controlAgent } from './control-agent.ts'
import { type Display, openDisplay } from './display.ts'
import type { Engine, EngineBrowser, EnginePage } from './engine.ts'

const AGENT = `<script>(${controlAgent})()</script>`

/**
 * WebKitGTK's MiniBrowser as a person starts it. Under WebDriver its storage is ephemeral, so its pages are driven over
 * HTTP: a first tab opens and closes the others, and each asks its own server what to do. The site gives its pages the
 * {@link controlAgent} for that.
 */
export const webkit: Engine = {
  name: 'WebKit',
  unavailable: () => (findWebKit() ? undefined : 'no MiniBrowser of WebKitGTK, or no Xvfb, is installed'),
  head: AGENT,
  open,
}

const SETTINGS = ['--javascript-can-open-windows-automatically=true', '--enable-page-cache=true']

interface Running {
  process: Leashed
  /** The tab that opens the others. */
  first: Control
  tabs: Set<Control>
  exited: Promise<unknown>
}

async function open(): Promise<EngineBrowser> {
  const programs = findWebKit()
  if (!programs) throw new Error('No WebKit found. `node test/ensure-browsers.ts` installs one.')
  const profile = await temporaryFolder('webkit')
  const display = await openDisplay(programs.xvfb)
  const blank = await listen((_, response) =>
    response.setHeader('content-type', 'text/html').end(`<!doctype html>${AGENT}`),
  )
  const start = () => launch({ programs, display, profile: profile.path, blank: blank.url })
  let running = await start()

  async function end(): Promise<void> {
    await running.exited
    await Promise.all([running.first, ...running.tabs].map((control) => control.close()))
  }

  async function kill(): Promise<void> {
    killGroup(running.process.pid)
    await end()
  }

  async function quit(): Promise<void> {
    for (const tab of running.tabs) await closeTab(tab)
    await closeTab(running.first)
    await end()
  }

  async function close(): Promise<void> {
    await kill()
    await display.close()
    await blank.close()
    await profile[Symbol.asyncDispose]()
  }

  return {
    version: versionOf(programs, display),
    newPage: (url) => openTab(running, url),
    quit,
    kill,
    async reopen() {
      running = await start()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface Launch {
  programs: WebKitPrograms
  display: Display
  profile: string
  blank: string
}

async function launch({ programs, display, profile, blank }: Launch): Promise<Running> {
  const first = await openControl()
  const arrived = first.next()
  const child = spawnLeashed(programs.miniBrowser, [...SETTINGS, `${blank}/#control=${first.url}`], {
    DISPLAY: display.name,
    WAYLAND_DISPLAY: '',
    XDG_DATA_HOME: join(profile, 'data'),
    XDG_CACHE_HOME: join(profile, 'cache'),
    XDG_CONFIG_HOME: join(profile, 'config'),
    GSETTINGS_BACKEND: 'memory',
    GTK_A11Y: 'none',
    NO_AT_BRIDGE: '1',
  })
  let printed = ''
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  }
  const exited = once(child, 'exit')
  const ended = exited.then(() => {
    throw new Error(`MiniBrowser ended. It printed:\n${printed}`)
  })
  ended.catch(() => {})
  await Promise.race([arrived, ended])
  return { process: child, first, tabs: new Set(), exited }
}

async function openTab(running: Running, url: string): Promise<EnginePage> {
  const control = await openControl()
  running.tabs.add(control)
  const arrived = control.next()
  await running.first.evaluate((url) => {
    window.open(url, '_blank', 'noopener')
  }, `${url}#control=${control.url}`)
  await arrived
  const { evaluate } = control

  /** Does what makes the tab show another page, and resolves when it does. */
  async function go<Arg>(set: (arg: Arg) => void, arg?: Arg): Promise<void> {
    const arrived = control.next()
    takeAway(evaluate(set, arg))
    await arrived
  }

  const forget = async () => {
    running.tabs.delete(control)
    await control.close()
  }

  return {
    evaluate,
    goto: (url) => go((url) => void setTimeout(() => location.assign(url)), url),
    reload: () => go(() => void setTimeout(() => location.reload())),
    goBack: () => go(() => void setTimeout(() => history.back())),
    arrive: (url) => control.next(url),
    closed: () => control.gone().then(forget),
    async close() {
      await closeTab(control)
      await forget()
    },
    async crash() {
      process.kill(await busyProcess(running.process.pid, control), 'SIGKILL')
      await forget()
    },
  }
}

async function closeTab(tab: Control): Promise<void> {
  const gone = tab.gone()
  takeAway(tab.evaluate(() => void setTimeout(() => window.close())))
  await gone
}

/** The page may be gone before it has answered. */
const takeAway = (answer: Promise<void>) => void answer.catch(() => {})

const versionOf = ({ miniBrowser }: WebKitPrograms, display: Display): string => {
  const { stdout } = spawnSync(miniBrowser, ['--version'], {
    encoding: 'utf8',
    env: { ...process.env, DISPLAY: display.name },
  })
  return /\d[\d.]*/.exec(stdout)?.[0] ?? 'unknown'
}
