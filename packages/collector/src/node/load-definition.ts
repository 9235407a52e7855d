import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigurationError } from '../core/configuration-error.ts'
import { describeError } from '../core/describe-error.ts'
import type { CollectorDefinition } from '../define-collector.ts'

/** What is given to a configuration in Node: the environment. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Runs a configuration file and takes what it exports. Throws a ConfigurationError that names the setting and the mend.
 *
 * @param name what the setting is called that names the file
 */
export async function loadDefinition(file: string, name: string): Promise<CollectorDefinition<Environment>> {
  let module: { default?: Partial<CollectorDefinition<Environment>> }
  try {
    module = await import(pathToFileURL(resolve(file)).href)
  } catch (error) {
    throw new ConfigurationError(`${name}: '${file}' ${toReason(error)}`, { cause: error })
  }
  const definition = module.default
  if (typeof definition?.configure === 'function') return definition as CollectorDefinition<Environment>
  throw new ConfigurationError(
    `${name}: '${file}' must say export default defineCollector((env) => ({ keys, sinks })).`,
  )
}

function toReason(error: unknown): string {
  const { code, message } = Object(error) as NodeJS.ErrnoException
  switch (code) {
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return `is nothing that Node ${process.version} reads. Write it in JavaScript, as .mjs; TypeScript needs Node 22.18 or later.`
    case 'ERR_MODULE_NOT_FOUND':
      return `is not there, or imports what is not installed. ${message}`
    default:
      // What Node says of code that it cannot read quotes none of it; JSON.parse quotes what it was given.
      return error instanceof SyntaxError && !/\bJSON\b/.test(message)
        ? `could not be run. SyntaxError: ${message}`
        : `could not be run. ${describeError(error)}`
  }
}
