import { ConfigurationError } from './configuration-error.ts'

/**
 * Reads a setting that holds JSON, such as `REVOKED`; `undefined` where it is not set, or empty. What it holds is checked
 * with the whole configuration. Throws a `ConfigurationError` that names the setting, and shows nothing of it.
 *
 * @param name what the setting is called
 * @param example what one that works looks like, for the message
 */
export function parseJson<Value>(name: string, text: string | undefined, example: string): Value | undefined {
  if (!text) return
  try {
    return JSON.parse(text)
  } catch {
    throw new ConfigurationError(`${name}: it is not JSON; write it as in ${example}.`)
  }
}
