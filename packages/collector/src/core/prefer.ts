/** What a client asks for in a `Prefer` header (RFC 7240), and what of it is said to be applied. */
export interface Preference {
  /** How long it waits for an answer, in milliseconds. */
  wait: number
  /** For `Preference-Applied`. */
  applied: string
}

/** A preference without its parameters. No two parts of these patterns fit the same text: a sender chooses how long it is. */
const PREFERENCE = /^(?:"[^"]*"|[^";])*/
const NAME = /^[^\s=]+$/
const VALUE = /^(?:"([^"]*)"|(\S*))$/

/** What is between commas, but for those in quotes; quotes that are never closed hold all the rest. */
const BETWEEN_COMMAS = /(?:"(?:\\.?|[^"\\])*(?:"|$)|[^,"])+/g

/**
 * Reads `respond-async` and `wait=<seconds>` (RFC 7240, sections 4.1 and 4.3). The first of a name counts; what is not
 * understood is left out, as the RFC wants it.
 *
 * @param patience how long to wait where it asks for an early answer and does not say how early, in milliseconds
 */
export function parsePrefer(header: string | undefined, patience: number): Preference | undefined {
  const asked = new Map<string, string>()
  for (const each of header?.match(BETWEEN_COMMAS) ?? []) {
    const [name = '', ...rest] = (PREFERENCE.exec(each)?.[0] ?? '').split('=').map((part) => part.trim())
    const [value, quoted, plain] = VALUE.exec(rest.join('=')) ?? []
    if (value === undefined || !NAME.test(name) || asked.has(name.toLowerCase())) continue
    asked.set(name.toLowerCase(), quoted ?? plain ?? '')
  }
  const wait = asked.get('wait') ?? ''
  const applied = [...(asked.has('respond-async') ? ['respond-async'] : [])]
  if (/^\d{1,9}$/.test(wait)) {
    return { wait: Number(wait) * 1000, applied: [...applied, `wait=${Number(wait)}`].join(', ') }
  }
  return applied.length > 0 ? { wait: patience, applied: applied.join(', ') } : undefined
}
