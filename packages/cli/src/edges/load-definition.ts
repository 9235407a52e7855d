import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { CollectorDefinition } from '../core/definition.ts'

/** Why a configuration file says nothing; the message names the file and the mend. */
export class LoadError extends Error {
  override name = 'LoadError'
}

export type Definition = CollectorDefinition<Readonly<Record<string, unknown>>>

/** What a configuration file is called unless it is named. */
const NAMES = ['collector.config.ts', 'collector.config.mts', 'collector.config.js', 'collector.config.mjs']

/** The configuration file to read: the one that is named, or the one in this folder. Rejects with a LoadError. */
export async function findConfig(named: string | undefined): Promise<string> {
  for (const name of named === undefined ? NAMES : [named]) {
    const path = resolve(name)
    if (await isThere(path)) return path
  }
  throw new LoadError(
    named === undefined
      ? `There is no ${NAMES[0]} here. Name your configuration with --config.`
      : `${named}: there is no such file.`,
  )
}

/** Runs a configuration file and takes what it exports. Rejects with a LoadError. */
export async function loadDefinition(path: string): Promise<Definition> {
  let module: { default?: Partial<Definition> }
  try {
    module = await import(pathToFileURL(path).href)
  } catch (error) {
    throw new LoadError(`${path}: ${toReason(error)}`, { cause: error })
  }
  const definition = module.default
  if (typeof definition?.configure !== 'function') {
    throw new LoadError(`${path}: it must say \`export default defineCollector((env) => ({ keys, sinks }))\`.`)
  }
  return definition as Definition
}

function toReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return `Node ${process.version} reads no TypeScript. Use Node 22.18 or later, or write the file in JavaScript.`
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return `Node takes types out, and no more: write it without enums, namespaces and parameter properties. ${message}`
    case 'ERR_MODULE_NOT_FOUND':
      return `Install what it imports. ${message}`
    case 'ERR_UNSUPPORTED_ESM_URL_SCHEME':
      return `It imports what only workerd has. Take bindings from \`env\` instead. ${message}`
    default:
      // JSON.parse quotes what it was given, which may be a secret.
      if (error instanceof SyntaxError && /\bJSON\b/.test(message))
        return 'It could not be run. It reads what is no JSON.'
      return error instanceof Error ? `It could not be run. ${error.name}: ${message}` : String(error)
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
