import type { Accumulator, Scope } from '../accumulator.ts'

/**
 * How often some events have happened, as `state.counts`: `counts(['Product Viewed'])`, or by names of one's own,
 * `counts({ views: 'Product Viewed' })`. Calls other than `track` are counted by their type: `page`.
 *
 * @param options `scope`: default `visitor`; `name`: default `counts`
 */
export function counts<const Key extends string, const Name extends string = 'counts'>(
  wanted: readonly Key[] | { readonly [Each in Key]: string },
  { scope = 'visitor', name = 'counts' as Name }: { scope?: Scope; name?: Name } = {},
): Accumulator<Name, { [Each in Key]: number }> {
  const entries: [Key, string][] = Array.isArray(wanted)
    ? wanted.map((event: Key) => [event, event])
    : (Object.entries(wanted) as [Key, string][])
  const initial = Object.fromEntries(entries.map(([key]) => [key, 0])) as { [Each in Key]: number }
  return {
    name,
    scope,
    initial,
    fold(value, { type, event }) {
      const all = { ...initial, ...value }
      for (const [key, counted] of entries) if (counted === (type === 'track' ? event : type)) all[key]++
      return all
    },
  }
}
