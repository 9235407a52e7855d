import { ConfigurationError } from './configuration-error.ts'
import type { WriteKey } from './key-ring.ts'

const EXAMPLE = '{"wk_live_…": {"id": "site", "origins": ["https://www.example.com"]}}'

/**
 * Reads write keys out of a setting that holds them as JSON: `{"wk_live_…": {"id": "site", "origins": ["https://…"]}}`, or
 * with `"origins": "server"`.
 * Throws a `ConfigurationError` that names the setting.
 *
 * @param name what the setting is called, `WRITE_KEYS`
 */
export function parseWriteKeys(name: string, text: string | undefined): WriteKey[] {
  if (!text) throw new ConfigurationError(`${name}: set it, to JSON as in ${EXAMPLE}.`)
  let sites: unknown
  try {
    sites = JSON.parse(text)
  } catch {
    throw new ConfigurationError(`${name}: it is not JSON; write it as in ${EXAMPLE}.`)
  }
  if (!isObject(sites)) throw new ConfigurationError(`${name}: it is not an object; write it as in ${EXAMPLE}.`)
  return Object.entries(sites).map(([key, site]) => {
    const { id, origins } = isObject(site) ? site : {}
    if (typeof id !== 'string' || !(origins === 'server' || isTexts(origins))) {
      throw new ConfigurationError(`${name}: '${key}' needs an id and a list of origins, as in ${EXAMPLE}.`)
    }
    return { key, id, origins }
  })
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')
