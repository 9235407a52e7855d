/** The keys that the simulation knows; browsers have dates and bytes as well. */
export type Key = number | string | readonly Key[]

const rank = (key: Key): number => (typeof key === 'number' ? 0 : typeof key === 'string' ? 1 : 2)

/** The order of IndexedDB: numbers, strings by their UTF-16 units, arrays by their members and then their length. */
export function compareKeys(one: Key, other: Key): number {
  if (typeof one === 'object' && typeof other === 'object') {
    for (let index = 0; index < one.length && index < other.length; index++) {
      const order = compareKeys(one[index] as Key, other[index] as Key)
      if (order !== 0) return order
    }
    return one.length - other.length
  }
  const order = rank(one) - rank(other)
  if (order !== 0) return order
  return one < other ? -1 : one > other ? 1 : 0
}
