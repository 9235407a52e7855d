/** What makes a JSON value unfit to travel, however valid it is as JSON. */
export type ShapeFault = 'too_deep' | 'prototype_member'

/**
 * Looks at nesting and member names of a parsed JSON value; the value itself is level 1.
 * A member called `__proto__` is harmless here and poison to a consumer that merges objects, so no sink shall see one.
 */
export function checkShape(value: unknown, depth: number): ShapeFault | undefined {
  if (typeof value !== 'object' || value === null) return
  if (depth < 1) return 'too_deep'
  if (Object.hasOwn(value, '__proto__')) return 'prototype_member'
  for (const member of Object.values(value)) {
    const fault = checkShape(member, depth - 1)
    if (fault) return fault
  }
}
