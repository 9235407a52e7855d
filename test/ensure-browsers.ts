import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { findChromium } from './browsers/find-chromium.ts'
import { findFirefox } from './browsers/find-firefox.ts'
import { findWebKit } from './browsers/find-webkit.ts'
import { isExecutable } from './browsers/is-executable.ts'

// Finds the three engines that the tests drive, or those that are named, and installs what it can of those that are missing.

interface Wanted {
  name: string
  find: () => string | undefined
  /** Ways of getting it; each says whether it did anything. */
  install: readonly (() => boolean)[]
  /** Whether the tests are of no use without it. Elsewhere its scenarios are skipped, with the reason. */
  mandatory: boolean
  /** What a person can do about it. */
  remedy: string
}

const isRoot = process.getuid?.() === 0
const inCi = process.env.CI === 'true'

function run(command: string, args: string[]): boolean {
  console.log(`> ${[command, ...args].join(' ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync(command, args, { stdio: 'inherit', env }).status === 0
}

/** Ubuntu has apt-get, too, but its browsers are snaps. */
const isDebian = () => isExecutable('/usr/bin/apt-get') && !/^ID=ubuntu$/m.test(readFileSync('/etc/os-release', 'utf8'))

const withApt =
  (...packages: string[]) =>
  () =>
    isRoot &&
    isDebian() &&
    run('apt-get', ['update']) &&
    run('apt-get', ['install', '-y', '--no-install-recommends', ...packages])

function withPlaywright(): boolean {
  const cli = join(dirname(createRequire(import.meta.url).resolve('playwright/package.json')), 'cli.js')
  const withDeps = isRoot && process.platform === 'linux' ? ['--with-deps'] : []
  return run(process.execPath, [cli, 'install', ...withDeps, 'chromium'])
}

const wanted: Wanted[] = [
  {
    name: 'Chromium',
    find: findChromium,
    install: [withApt('chromium'), withPlaywright],
    mandatory: true,
    remedy: 'Install Chromium or Chrome by your own means; if it is not on PATH, set CHROMIUM_PATH to it.',
  },
  {
    name: 'Firefox',
    find: findFirefox,
    install: [withApt('firefox-esr')],
    mandatory: inCi,
    remedy: 'Install Firefox by your own means; if it is not on PATH, set FIREFOX_PATH to it.',
  },
  {
    name: 'WebKit',
    find: () => findWebKit()?.miniBrowser,
    install: [withApt('webkit2gtk-driver', 'xvfb')],
    mandatory: inCi,
    remedy: "Install WebKitGTK with its MiniBrowser, and Xvfb; set WEBKIT_PATH and XVFB_PATH if they aren't found.",
  },
]

/** Finds it, or installs it and finds it then. */
function ensure({ name, find, install }: Wanted): string | undefined {
  const found = find()
  if (found) return found
  console.log(`No ${name} found; trying to install it.`)
  for (const attempt of install) {
    const installed = attempt() ? find() : undefined
    if (installed) return installed
  }
}

const named = process.argv.slice(2)
for (const browser of wanted.filter(({ name }) => named.length === 0 || named.includes(name))) {
  try {
    const path = ensure(browser)
    if (path) {
      console.log(`${browser.name}: ${path}`)
      continue
    }
    const consequence = browser.mandatory ? 'The tests need it' : 'Its scenarios will be skipped'
    console.error(`No ${browser.name}, and none could be installed. ${consequence}. ${browser.remedy}`)
    if (browser.mandatory) process.exitCode = 1
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
