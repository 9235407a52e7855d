/** What an app handed over, kept as it was at the call. */
export interface Snapshot {
  /** As JSON carries it, it is what the app handed over. */
  value: unknown
  /** It is one level deep, passes all checks, and has at most `SMALL` bytes of JSON: nothing has to be looked at. */
  isSmall: boolean
}

/** UTF-16 units of names and values. As JSON in UTF-8 one takes six bytes at most, as `\u0000`. */
const UNITS = 2_000

/** Bytes, the two braces among them. */
export const SMALL = UNITS * 6 + 2

/**
 * Takes a plain object's members, which runs its getters once. What JSON makes of anything else only JSON can tell: the
 * caller has to ask at once. Throws what a getter throws.
 */
export function takeSnapshot(given: unknown): Snapshot {
  const value = given ?? {}
  const isPlain = Object.getPrototypeOf(value) === Object.prototype && !('toJSON' in (value as object))
  if (!isPlain) return { value, isSmall: false }
  const copy: { [name: string]: unknown } = { ...(value as object) }
  let room = UNITS
  for (const name of Object.keys(copy)) {
    const member = copy[name]
    const type = typeof member
    const isFlat = member === null || type === 'string' || type === 'number' || type === 'boolean'
    // A number has 24 characters at most, and what surrounds a member is six: each counts as one unit of a text.
    room -= name.length + (type === 'string' ? (member as string).length : 4) + 1
    if (room < 0 || name === '__proto__' || (!isFlat && member !== undefined)) return { value: copy, isSmall: false }
  }
  return { value: copy, isSmall: true }
}
