import { promisifyRequest } from 'idb-keyval'
import type { Key, KeyRange, Store, Transaction } from '../core/store.ts'

const OBJECT_STORE = 'buffer'

/** How long a transaction waits for the database to open. In ms. */
const OPEN_TIMEOUT = 3_000

/**
 * The buffer's IndexedDB database. Opens at once; transactions begun before it is open wait, but not for long, since
 * opening may never end (WebKit bug 226547).
 *
 * Once it is open, each transaction is begun and its first requests are issued before `transact` returns: what a page
 * writes just before it is left depends on it.
 */
export function createIndexedDbStore(name: string, delay: (ms: number) => Promise<void>): Store {
  let database: IDBDatabase | undefined
  let connecting: Promise<void> | undefined
  const live = new Set<IDBTransaction>()

  const connect = () => {
    connecting ??= openDatabase(name).then(
      (opened) => {
        database = opened
      },
      (error) => {
        connecting = undefined
        throw error
      },
    )
    const late = delay(OPEN_TIMEOUT).then(() => Promise.reject(new Error('timeout')))
    return Promise.race([connecting, late])
  }
  connect().catch(() => {}) // The first transaction tries again, and reports.

  return {
    mode: 'durable',
    transact(work, { durability = 'relaxed', mode = 'readwrite', urgent } = {}) {
      let running: IDBTransaction | undefined
      let aborted = false
      const begin = async () => {
        if (aborted || !database) throw new Error('aborted')
        if (urgent) live.forEach(abort)
        try {
          running = database.transaction(OBJECT_STORE, mode, { durability })
        } catch (error) {
          // A connection that the browser has closed under us throws `InvalidStateError` for ever: open another.
          database = connecting = undefined
          throw error
        }
        const own = running
        if (!urgent) live.add(own)
        return settle(own, work).finally(() => live.delete(own))
      }
      return {
        done: database ? begin() : connect().then(begin),
        abort() {
          aborted = true
          return abort(running)
        },
      }
    },
  }
}

/**
 * Opens, or creates, the database with its one object store. Its version is never raised: another tab's older release
 * must never be in the way.
 */
async function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name)
  request.onupgradeneeded = () => request.result.createObjectStore(OBJECT_STORE)
  const database = await promisifyRequest(request)
  // Another tab wants to delete the database: holding on would block it.
  database.onversionchange = () => database.close()
  return database
}

/** Whether nothing of a transaction is kept; false when it is committing already, or has ended. */
function abort(transaction: IDBTransaction | undefined): boolean {
  try {
    transaction?.abort()
    return true
  } catch {
    return false
  }
}

async function settle<Value>(
  transaction: IDBTransaction,
  work: (transaction: Transaction) => Promise<Value>,
): Promise<Value> {
  const committed = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    // A full disk shows here and not as a failing request.
    transaction.onabort = () => reject(transaction.error)
  })
  committed.catch(() => {}) // Awaited below, unless `work` fails first.
  try {
    const value = await work(lend(transaction.objectStore(OBJECT_STORE)))
    // Saves the round trip after which it would commit by itself; a page that is being left may not get there.
    transaction.commit?.()
    await committed
    return value
  } catch (error) {
    abort(transaction)
    throw error
  }
}

function lend(store: IDBObjectStore): Transaction {
  return {
    get: (key) => promisifyRequest(store.get(key as IDBValidKey)),
    async getAll(range, limit) {
      const query = toQuery(range)
      const [keys, values] = await Promise.all([
        promisifyRequest(store.getAllKeys(query, limit)),
        promisifyRequest(store.getAll(query, limit)),
      ])
      return keys.map((key, index) => [key as Key, values[index]])
    },
    put: (key, value) => store.put(value, key as IDBValidKey),
    remove: (range) => store.delete(toQuery(range)),
  }
}

const toQuery = ([from, to]: KeyRange) => IDBKeyRange.bound(from, to)
