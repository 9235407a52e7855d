import { onTestFinished } from 'vitest'
import type { Store } from '../src/core/store.ts'
import { createIndexedDbStore } from '../src/edges/indexed-db-store.ts'

export const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export const settled = <Value>(request: IDBRequest<Value>): Promise<Value> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/** Takes a database away, as the visitor does who clears the site's data. */
export const deleteDatabase = (name: string): Promise<unknown> => settled(indexedDB.deleteDatabase(name))

/** A name that no other database has; the database is taken away after the test. */
export function createDatabaseName(): string {
  const name = `waybill-${crypto.randomUUID()}`
  onTestFinished(async () => {
    await deleteDatabase(name)
  })
  return name
}

/** Looks into the database of a Waybill. */
export const openStore = (name: string): Store => createIndexedDbStore(name, delay)
