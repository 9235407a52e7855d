import { promisifyRequest } from 'idb-keyval'
import { ABSENT, type Key, type KeyRange, type Store, type Transaction } from '../core/store.ts'

const OBJECT_STORE = 'buffer'

/** How long transactions wait for the database to open; after that they fail at once until it has. In ms. */
const OPEN_TIMEOUT = 3_000

export interface IndexedDbStoreOptions {
  /** The database's name. */
  name: string
  delay: (ms: number) => Promise<void>
  /** False: a database that does not exist is not created, and its transactions fail. */
  mayCreate: () => boolean
  /** Default: the page's own. A page that has none finds out when it opens, as with any other trouble. */
  indexedDB?: IDBFactory
}

/**
 * Records in an IndexedDB database. It opens at once; transactions begun before it is open wait, but not for long,
 * since opening may never end (WebKit bug 226547).
 *
 * Once it is open, each transaction is begun and its first requests are issued before `transact` returns: what a page
 * writes just before it is left depends on it.
 */
export function createIndexedDbStore(options: IndexedDbStoreOptions): Store {
  const { delay } = options
  let database: IDBDatabase | undefined
  let connecting: Promise<void> | undefined
  const live = new Set<IDBTransaction>()

  async function open(): Promise<void> {
    try {
      const opened = await openDatabase(options)
      database = opened
      // A connection that the browser closes, or that stands in another tab's way: the next transaction opens another.
      opened.onclose = () => {
        if (database === opened) database = undefined
      }
      opened.onversionchange = () => {
        opened.close()
        database = undefined
      }
    } finally {
      connecting = undefined
    }
  }

  /** In two halves: a page that stood still for the first gives the store the second. */
  async function giveUp(): Promise<never> {
    await delay(OPEN_TIMEOUT / 2)
    await delay(OPEN_TIMEOUT / 2)
    throw new Error('timeout')
  }
  const connect = () => {
    connecting ??= Promise.race([open(), giveUp()])
    return connecting
  }
  // Once whoever makes this store is done: `mayCreate` is theirs. The first transaction tries again, and reports.
  queueMicrotask(() => connect().catch(() => {}))

  return {
    mode: 'durable',
    transact(work, options) {
      let running: IDBTransaction | undefined
      let aborted = false
      const begin = async () => {
        if (aborted || !database) throw new Error('aborted')
        try {
          running = database.transaction(OBJECT_STORE, 'readwrite', options)
        } catch (error) {
          // A connection that the browser has closed under us throws `InvalidStateError` for ever: open another.
          database = undefined
          throw error
        }
        live.add(running)
        return settle(running, work)
      }
      const done = (database ? begin() : connect().then(begin)).finally(() => {
        if (running) live.delete(running)
      })
      return {
        done,
        abort() {
          aborted = true
          return !running || abort(running)
        },
      }
    },
    abortAll: () => live.forEach(abort),
  }
}

/** Its version is never raised: another tab's older release must never be in the way. */
async function openDatabase({
  name,
  mayCreate,
  indexedDB: factory = indexedDB,
}: IndexedDbStoreOptions): Promise<IDBDatabase> {
  // Chromium makes a folder for the site as soon as anything is opened.
  const known = mayCreate() ? undefined : await factory.databases?.()
  if (known && !known.some((database) => database.name === name)) throw new Error(ABSENT)
  const request = factory.open(name)
  let absent = false
  request.onupgradeneeded = () => {
    request.result.createObjectStore(OBJECT_STORE)
    absent = !mayCreate()
    // An aborted creation leaves nothing behind.
    if (absent) request.transaction?.abort()
  }
  try {
    return await promisifyRequest(request)
  } catch (error) {
    throw absent ? new Error(ABSENT) : error
  }
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
  const store = transaction.objectStore(OBJECT_STORE)
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
    count: (range) => promisifyRequest(store.count(toQuery(range))),
    put: (key, value) => store.put(value, key as IDBValidKey),
    commit: () => transaction.commit?.(),
    remove: (range) => store.delete(toQuery(range)),
  }
}

const toQuery = ([from, to]: KeyRange) => IDBKeyRange.bound(from, to)
