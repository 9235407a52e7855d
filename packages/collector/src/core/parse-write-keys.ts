import { ConfigurationError } from './configuration-error.ts'
import type { WriteKey } from './key-ring.ts'

const EXAMPLE = '{"wk_live_…": {"id": "site", "origins": ["https://www.example.com"]}}'

/**
 * Write keys as JSON, `{"wk_live_…": {"id": "site", "origins": ["https://www.example.com"]}}`. Throws a `ConfigurationError`
 * that begins with `setting`, where the text came from, when it is none.
 */
export function parseWriteKeys(text: string, setting: string): WriteKey[] {
  let sites: unknown
  try {
    sites = JSON.parse(text)
  } catch {
    throw new ConfigurationError(`${setting}: it is not JSON; write it as in ${EXAMPLE}.`)
  }
  if (!isObject(sites)) throw new ConfigurationError(`${setting}: it is not an object; write it as in ${EXAMPLE}.`)
  const keys = Object.entries(sites).map(([key, site]) => {
    const { id, origins } = isObject(site) ? site : {}
    if (typeof id !== 'string' || !isTexts(origins)) {
      throw new ConfigurationError(`${setting}: '${key}' needs an id and a list of origins, as in ${EXAMPLE}.`)
    }
    return { key, id, origins }
  })
  if (keys.length === 0) throw new ConfigurationError(`${setting}: name at least one key, as in ${EXAMPLE}.`)
  return keys
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')
