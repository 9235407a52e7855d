import type { Sink } from './sink.ts'

/**
 * The sinks that a key's batches go to; `undefined` where none of them is required: a batch would be answered for that
 * nobody has.
 */
export function sinksOf(names: readonly string[] | undefined, sinks: readonly Sink[]): readonly Sink[] | undefined {
  const own = names ? sinks.filter(({ name }) => names.includes(name)) : sinks
  return own.some(({ required }) => required) ? own : undefined
}
