import { checkTerms } from '@waybill/protocol'
import { ConfigurationError } from './configuration-error.ts'
import type { WriteKey } from './key-ring.ts'
import { mask } from './mask.ts'

const EXAMPLE = '{"wk_live_…": {"id": "site", "origins": ["https://www.example.com"]}}'

/**
 * Reads write keys out of a setting that holds them as JSON: `{"wk_live_…": {"id": "site", "origins": ["https://…"]}}`,
 * or `"origins": "server"`, each with whatever else a {@link WriteKey} may have. Throws a
 * `ConfigurationError` that names the setting and shows no key whole.
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
    const masked = `'${mask(key)}'`
    const { tokenSecrets, ...terms } = isObject(site) ? site : {}
    const isServer = terms.origins === 'server'
    if (typeof terms.id !== 'string' || !(isServer || isTexts(terms.origins))) {
      throw new ConfigurationError(`${name}: ${masked} needs an id and a list of origins, as in ${EXAMPLE}.`)
    }
    const fault = checkTerms({ ...terms, ...(isServer && { origins: ['https://any.example'] }) })
    if (fault) throw new ConfigurationError(`${name}: of ${masked}: ${fault}`)
    if (tokenSecrets !== undefined && !isTexts(tokenSecrets)) {
      throw new ConfigurationError(`${name}: of ${masked}: set tokenSecrets to a list of texts, or leave it out.`)
    }
    return { key, ...(terms as Omit<WriteKey, 'key'>), ...(tokenSecrets && { tokenSecrets }) }
  })
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')
