import { checkText, isObject } from './check-kind.ts'
import { ConfigurationError } from './configuration-error.ts'

/** https://www.rfc-editor.org/rfc/rfc9110.html#section-5.6.2, a token. */
const NAME = /^[!#$%&'*+.^_`|~\w-]+$/

/** https://www.rfc-editor.org/rfc/rfc9110.html#section-5.5, a field value: what every runtime sends as it is. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/**
 * What is to go into a header; it may be empty. What no header may have is found here, and not shown: `fetch` in Node would
 * quote it, a secret most often, in its error at each request.
 */
export function checkHeaderValue(setting: string, value: unknown): void {
  if (value === '') return
  checkText(setting, value)
  if (VALUE.test(value)) return
  throw new ConfigurationError(
    `${setting}: it has a character that no header may have, a line break or one beyond Latin-1; take it out.`,
  )
}

/** Headers of somebody's own, values by names. */
export function checkHeaders(setting: string, headers: unknown): void {
  if (!isObject(headers)) throw new ConfigurationError(`${setting}: use an object of names and values.`)
  for (const [name, value] of Object.entries(headers)) {
    if (!NAME.test(name)) {
      throw new ConfigurationError(`${setting}: '${name}' is no name of a header; use letters, digits and -.`)
    }
    checkHeaderValue(`${setting}: ${name}`, value)
  }
}
