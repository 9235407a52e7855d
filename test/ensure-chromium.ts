import { spawnSync } from 'node:child_process'
import { accessSync, constants, readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { chromium } from 'playwright'

/** Runs as root, keeps to loopback, and asks nobody anything. */
export const chromiumFlags = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * The path of a Chromium that the tests can drive: `CHROMIUM_PATH`, else the first one found on PATH, in the usual
 * places of macOS and Windows, or among playwright's own downloads.
 */
export function findChromium(): string | undefined {
  const chosen = process.env.CHROMIUM_PATH
  if (chosen) {
    if (isExecutable(chosen)) return chosen
    throw new Error(`CHROMIUM_PATH is ${chosen}, which cannot be run. Correct it, or unset it to let one be found.`)
  }
  return [...onPath(), ...usualPlaces(), chromium.executablePath()].find((path) => isExecutable(path) && !isSnap(path))
}

const onPath = () =>
  ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].flatMap((name) =>
    (process.env.PATH ?? '')
      .split(delimiter)
      .filter((folder) => folder !== '')
      .map((folder) => join(folder, name)),
  )

const usualPlaces = () => [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ...[process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA]
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe')),
]

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A snap sees its own /tmp, so it can't open our profiles; and Ubuntu's package is only a script that asks for the snap. */
function isSnap(path: string): boolean {
  const file = realpathSync(path)
  if (file === '/usr/bin/snap' || file.startsWith('/snap/')) return true
  const start = readFileSync(file).subarray(0, 4096).toString('latin1')
  return start.startsWith('#!') && start.includes('/snap/bin/')
}

const isRoot = process.getuid?.() === 0

function run(command: string, args: string[]): boolean {
  console.log(`> ${[command, ...args].join(' ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync(command, args, { stdio: 'inherit', env }).status === 0
}

const isDebian = () => isExecutable('/usr/bin/apt-get') && !/^ID=ubuntu$/m.test(readFileSync('/etc/os-release', 'utf8'))

const installWithApt = () =>
  isRoot &&
  isDebian() &&
  run('apt-get', ['update']) &&
  run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'])

function installWithPlaywright(): boolean {
  const cli = join(dirname(createRequire(import.meta.url).resolve('playwright/package.json')), 'cli.js')
  const withDeps = isRoot && process.platform === 'linux' ? ['--with-deps'] : []
  return run(process.execPath, [cli, 'install', ...withDeps, 'chromium'])
}

/** Finds Chromium, or installs it and finds it then. */
function ensureChromium(): string | undefined {
  const found = findChromium()
  if (found) return found
  console.log('No Chromium found; installing one.')
  for (const install of [installWithApt, installWithPlaywright]) {
    const installed = install() ? findChromium() : undefined
    if (installed) return installed
  }
}

function main(): void {
  try {
    const path = ensureChromium()
    if (path) {
      console.log(`Chromium: ${path}`)
      return
    }
    console.error('The tests need Chromium, and none could be installed.')
    console.error('Install Chromium or Chrome by your own means; if it is not on PATH, set CHROMIUM_PATH to it.')
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
  }
  process.exitCode = 1
}

if (import.meta.main ?? process.argv[1] === import.meta.filename) main()
