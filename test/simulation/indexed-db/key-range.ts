import { compareKeys, type Key } from './compare-keys.ts'

/** Both ends included; an end that is missing lies as far out as there are keys. */
export interface Range {
  lower?: Key
  upper?: Key
}

/** A key as IndexedDB takes it in: its own copy. */
export function toKey(key: unknown): Key {
  if (typeof key === 'string' || (typeof key === 'number' && !Number.isNaN(key))) return key
  if (Array.isArray(key)) return key.map(toKey)
  throw new DOMException('The parameter is not a valid key.', 'DataError')
}

export function toRange(query: unknown): Range {
  if (query === undefined || query === null) return {}
  if (typeof query === 'object' && !Array.isArray(query)) return query as Range
  const key = toKey(query)
  return { lower: key, upper: key }
}

/** The SDK asks the global for its ranges: Node has none. */
export function provideKeyRange(): void {
  globalThis.IDBKeyRange ??= {
    bound(from: unknown, to: unknown): Range {
      const [lower, upper] = [toKey(from), toKey(to)]
      if (compareKeys(lower, upper) > 0) {
        throw new DOMException('The lower key is greater than the upper key.', 'DataError')
      }
      return { lower, upper }
    },
  } as unknown as typeof IDBKeyRange
}
