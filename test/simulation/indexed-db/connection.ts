import type { Life } from '../scheduler.ts'
import type { Target } from './fire.ts'
import type { Records } from './records.ts'
import type { Transaction } from './transaction.ts'

/** One page's hold on a database. It is gone once it is closing and its last transaction has ended. */
export interface Connection extends Target {
  readonly life: Life
  readonly name: string
  readonly version: number
  readonly stores: Map<string, Records>
  readonly transactions: Set<Transaction>
  /** The transaction in which it may make object stores. */
  upgrade: Transaction | undefined
  isClosing: boolean
}

export interface ConnectionOptions {
  life: Life
  name: string
  version: number
  stores: Map<string, Records>
  begin: (
    connection: Connection,
    mode: IDBTransactionMode,
    durability: IDBTransactionDurability,
    stores: ReadonlyMap<string, Records>,
  ) => Transaction
  close: (connection: Connection) => void
}

export function createConnection({ life, name, version, stores, begin, close }: ConnectionOptions): Connection {
  const connection = {
    life,
    name,
    version,
    stores,
    transactions: new Set<Transaction>(),
    upgrade: undefined as Transaction | undefined,
    isClosing: false,
    onclose: null,
    onversionchange: null,
    onabort: null,
    onerror: null,
    get objectStoreNames() {
      return [...stores.keys()]
    },
    createObjectStore(name: string): IDBObjectStore {
      const { upgrade } = connection
      if (!upgrade) throw new DOMException('No upgrade is under way.', 'InvalidStateError')
      if (!upgrade.isActive()) throw new DOMException('The transaction is not active.', 'TransactionInactiveError')
      if (stores.has(name)) throw new DOMException('The object store exists.', 'ConstraintError')
      stores.set(name, { entries: [] })
      return upgrade.face.objectStore(name)
    },
    transaction(
      names: string | string[],
      mode: IDBTransactionMode = 'readonly',
      { durability = 'default' }: IDBTransactionOptions = {},
    ): IDBTransaction {
      if (connection.upgrade) throw new DOMException('An upgrade is under way.', 'InvalidStateError')
      if (connection.isClosing) throw new DOMException('The connection is closing.', 'InvalidStateError')
      const scope = new Map<string, Records>()
      for (const name of [names].flat()) {
        const records = stores.get(name)
        if (!records) throw new DOMException('The object store was not found.', 'NotFoundError')
        scope.set(name, records)
      }
      if (scope.size === 0) throw new DOMException('There is no object store.', 'InvalidAccessError')
      return begin(connection, mode, durability, scope).face
    },
    close: () => close(connection),
  }
  return connection
}
