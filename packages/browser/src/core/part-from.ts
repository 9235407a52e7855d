import type { EventOperation, SpanOperation } from './operation.ts'

/**
 * What a page tracked while it took the person for another one, who has gone since: without what it had accumulated and
 * without its clock, which would link the two. In the clock's place comes one that no other event has.
 */
export function partFrom(operation: EventOperation | SpanOperation, boot: string): EventOperation | SpanOperation {
  const { page: _, ...rest } = operation
  const monotonic = { boot, ms: 0 }
  if (rest.kind === 'span') return { ...rest, monotonic, isParted: true }
  return { ...rest, text: JSON.stringify({ ...JSON.parse(rest.text), monotonic }) }
}
