import { promisifyRequest } from 'idb-keyval'
import { type Key, type KeyRange, lanes, type Store, type Transaction } from '../core/store.ts'

/** How long a transaction waits for the database to open, each time it is tried. In ms. */
const OPEN_TIMEOUT = 1_000

/** More transactions than a page ever has under way; those that have ended are remembered in vain. */
const LIVE = 9

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
  let live: IDBTransaction[] = []

  const connect = () => {
    connecting ??= openDatabase(name)
      .then((opened) => {
        database = opened
      })
      .finally(() => {
        connecting = undefined
      })
    const late = delay(OPEN_TIMEOUT).then(() => Promise.reject(new Error('timeout')))
    return Promise.race([connecting, late])
  }
  connect().catch(() => {}) // The first transaction tries again, and reports.

  return {
    mode: 'durable',
    transact(work, options = {}) {
      let running: IDBTransaction | undefined
      let aborted = false
      const begin = async () => {
        if (aborted || !database) throw new Error('aborted')
        if (options.urgent) live.forEach(abort)
        try {
          running = database.transaction(options.scope ?? 'buffer', 'readwrite', options)
        } catch (error) {
          // A connection that the browser has closed under us throws `InvalidStateError` for ever: open another.
          database = undefined
          throw error
        }
        if (!options.urgent) live = [...live.slice(-LIVE), running]
        return settle(running, work)
      }
      return {
        done: database ? begin() : connect().then(begin),
        abort() {
          aborted = true
          return !running || abort(running)
        },
      }
    },
  }
}

/**
 * Opens, or creates, the database with its object stores. Its version is never raised: another tab's older release
 * must never be in the way.
 */
async function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name)
  request.onupgradeneeded = () => {
    for (const scope of ['buffer', ...lanes]) request.result.createObjectStore(scope)
  }
  const database = await promisifyRequest(request)
  // Another tab wants to delete the database: holding on would block it.
  database.onversionchange = () => database.close()
  return database
}

/** False when it is too late: it is committing, or has ended. */
function abort(transaction: IDBTransaction): boolean {
  try {
    transaction.abort()
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
  const worked = work(lend(transaction)).catch((error) => {
    abort(transaction)
    throw error
  })
  const [value] = await Promise.all([worked, committed])
  return value
}

function lend(transaction: IDBTransaction): Transaction {
  const storeOf = (key: Key) => transaction.objectStore(lanes.find((lane) => String(key).startsWith(lane)) ?? 'buffer')
  return {
    get: (key) => promisifyRequest(storeOf(key).get(key as IDBValidKey)),
    async getAll(range, limit) {
      const store = storeOf(range[0])
      const query = toQuery(range)
      const [keys, values] = await Promise.all([
        promisifyRequest(store.getAllKeys(query, limit)),
        promisifyRequest(store.getAll(query, limit)),
      ])
      return keys.map((key, index) => [key as Key, values[index]])
    },
    put: (key, value) => storeOf(key).put(value, key as IDBValidKey),
    commit: () => transaction.commit?.(),
    remove: (range) => storeOf(range[0]).delete(toQuery(range)),
  }
}

const toQuery = ([from, to]: KeyRange) => IDBKeyRange.bound(from, to)
