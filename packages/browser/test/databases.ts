import { onTestFinished } from 'vitest'
import type { LastWords } from '../src/core/last-words.ts'
import type { Store } from '../src/core/store.ts'
import { createIndexedDbStore } from '../src/edges/indexed-db-store.ts'
import { createLastWords } from '../src/edges/last-words.ts'

export const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export const settled = <Value>(request: IDBRequest<Value>): Promise<Value> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/** Takes a database away, as the visitor does who clears the site's data. */
export const deleteDatabase = (name: string): Promise<unknown> => settled(indexedDB.deleteDatabase(name))

/** A name that no other Waybill has; what it stores is taken away after the test. */
export function createDatabaseName(): string {
  const name = `waybill-${crypto.randomUUID()}`
  onTestFinished(async () => {
    await deleteDatabase(name)
    const words = createLastWords(name)
    words.remove(words.read().map(([id]) => id))
  })
  return name
}

export const openStore = (name: string): Store => createIndexedDbStore({ name, delay, mayCreate: () => true })

/** Looks into what a Waybill stores. */
export const openStores = (name: string): { store: Store; lastWords: LastWords } => ({
  store: openStore(name),
  lastWords: createLastWords(name),
})
