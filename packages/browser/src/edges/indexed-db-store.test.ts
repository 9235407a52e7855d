import { describe, expect, test } from 'vitest'
import { createDatabaseName, delay, deleteDatabase, openStore, settled } from '../../test/databases.ts'
import { storeContract } from '../../test/store-contract.ts'
import { lineRange } from '../core/records.ts'
import type { Store } from '../core/store.ts'
import { createIndexedDbStore } from './indexed-db-store.ts'

const names = new WeakMap<Store, string>()

storeContract(
  'IndexedDB',
  () => {
    const name = `contract-${crypto.randomUUID()}`
    const store = openStore(name)
    names.set(store, name)
    return store
  },
  (store) => deleteDatabase(names.get(store) ?? ''),
)

const put = (store: Store, value: unknown) =>
  store.transact(async (transaction) => transaction.put('state', value)).done
const get = (store: Store) => store.transact((transaction) => transaction.get('state')).done

/** As the flows see it: what fails is tried again. */
const insist = async (attempt: () => Promise<unknown>, times = 3): Promise<unknown> =>
  attempt().catch((error) => (times > 1 ? insist(attempt, times - 1) : Promise.reject(error)))

test('it says that it is durable', () => {
  expect(openStore(createDatabaseName()).mode).toBe('durable')
})

test('what one store has put another gets', async () => {
  const name = createDatabaseName()
  await put(openStore(name), { a: 1 })
  expect(await get(openStore(name))).toEqual({ a: 1 })
})

test('transactions of two connections run one after another', async () => {
  const name = createDatabaseName()
  const stores = [openStore(name), openStore(name)]
  const count = (store: Store) =>
    store.transact(async (transaction) => {
      transaction.put('state', (((await transaction.get('state')) as number) ?? 0) + 1)
    }).done
  await Promise.all(Array.from({ length: 50 }, (_, index) => count(stores[index % 2] as Store)))
  expect(await get(stores[0] as Store)).toBe(50)
})

describe('once it is open', () => {
  test('a transaction is begun, and its first requests are issued, before transact returns', async () => {
    const store = openStore(createDatabaseName())
    await put(store, 1)
    let issued: Promise<unknown> | undefined
    const running = store.transact((transaction) => {
      issued = transaction.get('state')
      return issued
    })
    expect(issued).toBeInstanceOf(Promise)
    expect(await running.done).toBe(1)
  })

  test('what says that all is asked for is committing from then on', async () => {
    const store = openStore(createDatabaseName())
    await put(store, 1)
    const running = store.transact(async (transaction) => {
      transaction.put('state', 2)
      transaction.commit()
    })
    expect(running.abort()).toBe(false)
    await running.done
  })
})

describe('before it is open', () => {
  test('transactions wait, and run in their order', async () => {
    const store = openStore(createDatabaseName())
    const append = (letter: string) =>
      store.transact(async (transaction) => {
        transaction.put('state', `${(await transaction.get('state')) ?? ''}${letter}`)
      })
    await Promise.all([...'abc'].map((letter) => append(letter).done))
    expect(await get(store)).toBe('abc')
  })

  test('a transaction that was aborted keeps nothing', async () => {
    const store = openStore(createDatabaseName())
    const running = store.transact(async (transaction) => transaction.put('state', 1))
    expect(running.abort()).toBe(true)
    await expect(running.done).rejects.toThrow()
    expect(await get(store)).toBeUndefined()
  })

  test('what has waited for too long fails, and the store works when it has opened after all', async () => {
    const store = createIndexedDbStore({
      name: createDatabaseName(),
      delay: () => Promise.resolve(),
      mayCreate: () => true,
    })
    await expect(get(store)).rejects.toThrow('timeout')
    await expect.poll(() => get(store).then(() => 'open')).toBe('open')
  })
})

describe('trouble', () => {
  test('a value that can’t be stored fails its transaction alone', async () => {
    const store = openStore(createDatabaseName())
    await put(store, 1)
    await expect(put(store, () => {})).rejects.toThrow()
    expect(await get(store)).toBe(1)
  })

  test('nobody who wants to delete the database is held up, and the store begins anew', async () => {
    const name = createDatabaseName()
    const store = openStore(name)
    await put(store, 1)
    await deleteDatabase(name)
    expect(await insist(() => get(store))).toBeUndefined()
    await put(store, 2)
    expect(await get(store)).toBe(2)
  })

  test('a deletion in the middle of a transaction waits for it', async () => {
    const name = createDatabaseName()
    const store = openStore(name)
    await put(store, 1)
    const running = put(store, 2)
    await Promise.all([running, deleteDatabase(name)])
    expect(await insist(() => get(store))).toBeUndefined()
  })

  test('several transactions that find the connection closed are all kept, when they are tried again', async () => {
    const name = createDatabaseName()
    const store = openStore(name)
    await put(store, 1)
    await deleteDatabase(name)
    const keys = [1, 2, 3, 4].map((seq) => [1, seq] as const)
    await Promise.all(keys.map((key) => insist(() => store.transact(async (t) => t.put(key, 'line')).done)))
    const lines = await store.transact((t) => t.getAll(lineRange)).done
    expect(lines.map(([key]) => key)).toEqual(keys)
  })

  test('a database that a later release has raised is used as it is', async () => {
    const name = createDatabaseName()
    const store = openStore(name)
    await put(store, 1)
    const raised = await settled(indexedDB.open(name, 7))
    raised.close()
    expect(await insist(() => get(store))).toBe(1)
    expect(await get(openStore(name))).toBe(1)
  })

  test('a database of somebody else’s that lacks our records fails, and does not hang', async () => {
    const name = createDatabaseName()
    const theirs = await settled(indexedDB.open(name))
    theirs.close()
    await expect(insist(() => get(openStore(name)))).rejects.toThrow()
  })
})

test('a store that never opens is given up by the one who waits', async () => {
  const name = createDatabaseName()
  const blocking = await settled(indexedDB.open(name))
  // A deletion that another connection holds up: whoever opens meanwhile has to wait.
  const deletion = deleteDatabase(name)
  const store = createIndexedDbStore({
    name,
    delay: (ms) => delay(ms / 100),
    mayCreate: () => true,
  })
  await expect(get(store)).rejects.toThrow('timeout')
  blocking.close()
  await deletion
  await expect.poll(() => get(store).then(() => 'open')).toBe('open')
})

describe('a database that may not be created', () => {
  test('is not: its transactions fail, and nothing is left behind', async () => {
    const name = createDatabaseName()
    let allowed = false
    const store = createIndexedDbStore({ name, delay, mayCreate: () => allowed })
    await expect(get(store)).rejects.toThrow()
    expect((await indexedDB.databases()).map((database) => database.name)).not.toContain(name)
    allowed = true
    expect(await insist(() => get(store))).toBeUndefined()
  })

  test('is used where it exists', async () => {
    const name = createDatabaseName()
    await put(openStore(name), 1)
    const store = createIndexedDbStore({ name, delay, mayCreate: () => false })
    expect(await get(store)).toBe(1)
  })
})

test('whatever a page has under way is aborted at once, but for what is committing', async () => {
  const store = openStore(createDatabaseName())
  await put(store, 1)
  const committing = store.transact(async (transaction) => {
    transaction.put('state', 2)
    transaction.commit()
  })
  const under = store.transact(async (transaction) => {
    await transaction.get('state')
    transaction.put('state', 3)
  })
  store.abortAll()
  await expect(under.done).rejects.toThrow()
  await committing.done
  expect(await get(store)).toBe(2)
})
