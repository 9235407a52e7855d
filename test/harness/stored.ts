/** What a driver can run a function in. */
interface Page {
  evaluate<Result, Arg>(run: (arg: Arg) => Promise<Result>, arg: Arg): Promise<Result>
}

/** A record's key in the buffer: a name, or the number of a stream and a seq. */
export type StoredKey = string | [stream: number, seq: number]

/** What to do to the buffer's object store: one transaction. */
export interface Edit {
  put?: [StoredKey, unknown][]
  remove?: StoredKey[]
}

/** All records of a buffer, in key order. */
export const readStored = (page: Page, name: string): Promise<[StoredKey, unknown][]> => editStored(page, name, {})

/** Changes records behind the SDK's back, as a fault of storage or an extension might, and returns what there is then. */
export const editStored = (page: Page, name: string, edit: Edit): Promise<[StoredKey, unknown][]> =>
  page.evaluate(
    async ([name, { put = [], remove = [] }]) => {
      const answer = <Value>(request: IDBRequest<Value>) =>
        new Promise<Value>((resolve, reject) => {
          request.onsuccess = () => resolve(request.result)
          request.onerror = () => reject(request.error)
        })
      const db = await answer(indexedDB.open(name))
      try {
        const store = db.transaction('buffer', 'readwrite').objectStore('buffer')
        for (const [key, value] of put) store.put(value, key)
        for (const key of remove) store.delete(key)
        const [keys, values] = await Promise.all([answer(store.getAllKeys()), answer(store.getAll())])
        return keys.map((key, index): [StoredKey, unknown] => [key as StoredKey, values[index]])
      } finally {
        db.close()
      }
    },
    [name, edit] as const,
  )

/** The members of one record, or none where it is missing. */
export function recordOf(stored: readonly [StoredKey, unknown][], key: string): Record<string, unknown> {
  const [, value] = stored.find(([found]) => found === key) ?? []
  return Object(value)
}

/** The lines of events and tombstones among them. */
export const linesOf = (stored: readonly [StoredKey, unknown][]): [[number, number], string][] =>
  stored.filter((entry): entry is [[number, number], string] => Array.isArray(entry[0]))
