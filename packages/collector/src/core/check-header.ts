import { checkText, isObject } from './check-kind.ts'
import { ConfigurationError } from './configuration-error.ts'

/** https://www.rfc-editor.org/rfc/rfc9110.html#section-5.6.2, a token. */
const NAME = /^[!#$%&'*+.^_`|~\w-]+$/

/** https://www.rfc-editor.org/rfc/rfc9110.html#section-5.5, a field value: what every runtime sends as it is. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** https://fetch.spec.whatwg.org/#concept-header-value-normalize, HTTP whitespace at either end. */
const OUTER = /^[\t\r\n ]+|[\t\r\n ]+$/g

/**
 * What is to go into a header as it is; it may be empty. What no header may have is found here, and not shown: `fetch` in
 * Node would quote it, a secret most often, in its error at each request.
 */
export function checkHeaderValue(setting: string, value: unknown): void {
  if (value === '') return
  checkText(setting, value)
  if (VALUE.test(value)) return
  throw new ConfigurationError(
    `${setting}: it has a character that no header may have, a line break or one beyond Latin-1; take it out.`,
  )
}

/** A header's value without the whitespace around it: a secret that comes as a file often ends with a line break. */
export function toHeaderValue(setting: string, value: string): string {
  const inner = typeof value === 'string' ? value.replace(OUTER, '') : value
  checkHeaderValue(setting, inner)
  return inner
}

/** Headers of somebody's own, values by names. `Headers` takes the whitespace around a value off. */
export function checkHeaders(setting: string, headers: Readonly<Record<string, string>>): void {
  if (!isObject(headers)) throw new ConfigurationError(`${setting}: use an object of names and values.`)
  for (const [name, value] of Object.entries(headers)) {
    if (!NAME.test(name)) {
      throw new ConfigurationError(`${setting}: '${name}' is no name of a header; use letters, digits and -.`)
    }
    toHeaderValue(`${setting}: ${name}`, value)
  }
}
