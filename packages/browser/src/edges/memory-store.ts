import type { Key, KeyRange, Store } from '../core/store.ts'

/** A store that lives as long as the page: the last resort where IndexedDB cannot be had. */
export function createMemoryStore(): Store {
  const rows = new Map<string, [Key, unknown]>()
  let queue: Promise<unknown> = Promise.resolve()

  const select = ([from, to]: KeyRange) =>
    [...rows].filter(([id]) => toId(from) <= id && id <= toId(to)).sort(([a], [b]) => (a < b ? -1 : 1))

  return {
    mode: 'memory',
    transact(work) {
      const done = queue.then(async () => {
        const writes: (() => void)[] = []
        const value = await work({
          get: async (key) => rows.get(toId(key))?.[1],
          getAll: async (range, limit) =>
            select(range)
              .slice(0, limit)
              .map(([, row]) => row),
          count: async (range) => select(range).length,
          commit() {},
          put: (key, value) => writes.push(() => rows.set(toId(key), [key, value])),
          remove: (range) =>
            writes.push(() => {
              for (const [id] of select(range)) rows.delete(id)
            }),
        })
        for (const write of writes) write()
        return value
      })
      queue = done.catch(() => {})
      return { done, abort: () => false }
    },
    abortAll() {},
  }
}

/** A text that sorts as IndexedDB sorts our keys: strings before pairs, pairs by their numbers. */
const toId = (key: Key): string =>
  typeof key === 'string' ? key : `~${key.map((number) => String(number).padStart(16, '0'))}`
