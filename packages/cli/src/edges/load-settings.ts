import { access, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseEnv } from 'node:util'
import { LoadError } from './load-definition.ts'

/** What a collector is configured with, and where its bindings are from. */
export interface Settings {
  env: Readonly<Record<string, unknown>>
  /** Of bindings, something for people to know. */
  note?: string
  /** Ends what stands in for the bindings. */
  close(): Promise<void>
}

const WRANGLER_CONFIGS = ['wrangler.jsonc', 'wrangler.json', 'wrangler.toml']

interface Wrangler {
  getPlatformProxy(options: {
    configPath: string
    envFiles?: string[]
    persist: false
  }): Promise<{ env: Record<string, unknown>; dispose(): Promise<void> }>
}

/**
 * The variables of this process, and what a file of them says. Where a Worker is configured beside the configuration, what
 * that binds, through the wrangler that is installed there. Rejects with a LoadError.
 *
 * @param config the path of the collector's configuration
 */
export async function loadSettings(config: string, envFile: string | undefined): Promise<Settings> {
  const variables = { ...process.env, ...(envFile === undefined ? {} : await readVariables(envFile)) }
  const nothing: Settings = { env: variables, async close() {} }
  const folder = dirname(config)
  const worker = await findWorker(folder)
  if (worker === undefined) return nothing
  const wrangler = await findWrangler(folder)
  if (!wrangler) {
    const note = `${worker} binds what this machine has not, and wrangler is not installed beside it: a destination that is a
binding can't be checked from here. GET /ready asks the deployed collector.`
    return { ...nothing, note }
  }
  const { env, dispose } = await wrangler.getPlatformProxy({
    configPath: join(folder, worker),
    // Without a file of ours, wrangler reads its own: .dev.vars, .env.
    ...(envFile === undefined ? {} : { envFiles: [] }),
    persist: false,
  })
  const note = `${worker} binds empty stand-ins on this machine, but for what says "remote": true in it. GET /ready asks the
deployed collector about its own.`
  return { env: { ...process.env, ...env, ...variables }, note, close: dispose }
}

async function readVariables(path: string): Promise<Record<string, string | undefined>> {
  try {
    return parseEnv(await readFile(path, 'utf8'))
  } catch (error) {
    throw new LoadError(`${path}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

async function findWorker(folder: string): Promise<string | undefined> {
  for (const name of WRANGLER_CONFIGS) {
    const found = await access(join(folder, name)).then(
      () => true,
      () => false,
    )
    if (found) return name
  }
}

async function findWrangler(folder: string): Promise<Wrangler | undefined> {
  let path: string
  try {
    path = createRequire(join(folder, 'package.json')).resolve('wrangler')
  } catch {
    return
  }
  return import(pathToFileURL(path).href)
}
