/** What a client asks for in a `Prefer` header (RFC 7240), and what of it is said to be applied. */
export interface Preference {
  /** How long it waits for an answer, in milliseconds. */
  wait: number
  /** For `Preference-Applied`. */
  applied: string
}

/**
 * One preference, in which a space stands for any run of them: with two `\s*` that can meet, a header of spaces would be
 * gone through as often as it is long.
 */
export const PREFERENCE: RegExp = /^ ?([^\s=;]+) ?(?:= ?(?:"([^"]*)"|([^\s;]*)))? ?(?:;.*)?$/

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
    const [, name, quoted, plain] = PREFERENCE.exec(each.replace(/\s+/g, ' ')) ?? []
    if (name && !asked.has(name.toLowerCase())) asked.set(name.toLowerCase(), quoted ?? plain ?? '')
  }
  const wait = asked.get('wait') ?? ''
  const applied = [...(asked.has('respond-async') ? ['respond-async'] : [])]
  if (/^\d{1,9}$/.test(wait)) {
    return { wait: Number(wait) * 1000, applied: [...applied, `wait=${Number(wait)}`].join(', ') }
  }
  return applied.length > 0 ? { wait: patience, applied: applied.join(', ') } : undefined
}
