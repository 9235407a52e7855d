/** What a parsed JSON value is like, whatever it says. */
export interface Survey {
  /** Members of all objects in it. */
  members: number
  /** Nesting of objects and arrays; the value itself is level 1. */
  depth: number
  /**
   * Whether any object has a member called `__proto__`: harmless here and poison to a consumer that merges objects, so no
   * sink shall see one.
   */
  hasPrototype: boolean
}

/**
 * Looks at an object once, level by level, so that depth costs no stack. All lines of a hostile batch come through here, so it
 * goes by indices. Of depth and `__proto__` it finds what `checkShape` of the SDK finds, and a test holds the two together.
 */
export function survey(value: object): Survey {
  let [members, depth, hasPrototype] = [0, 0, false]
  for (let level = [value]; level.length > 0; depth++) {
    const next: object[] = []
    for (let index = 0; index < level.length; index++) {
      const each = level[index] as object
      const values: unknown[] = Object.values(each)
      if (!Array.isArray(each)) {
        members += values.length
        hasPrototype ||= Object.hasOwn(each, '__proto__')
      }
      for (let place = 0; place < values.length; place++) {
        const member = values[place]
        if (typeof member === 'object' && member !== null) next.push(member)
      }
    }
    level = next
  }
  return { members, depth, hasPrototype }
}
