import { describe, expect, onTestFinished, test } from 'vitest'
import { settled } from './databases.ts'

export interface IndexedDbPlatform {
  /** Another page's IndexedDB; all pages share what is stored. */
  openPage: () => IDBFactory
  /** Comes back in a later task, when all that is under way has ended, if it can. */
  rest: () => Promise<void>
}

const STORE = 'records'

const everything = () => IDBKeyRange.bound('', [Number.MAX_SAFE_INTEGER])

/** `complete`, or the name of what it was aborted for. */
const ended = (transaction: IDBTransaction): Promise<string> =>
  new Promise((resolve) => {
    transaction.oncomplete = () => resolve('complete')
    transaction.onabort = () => resolve(transaction.error?.name ?? 'aborted')
  })

const failed = (request: IDBRequest): Promise<string | undefined> =>
  new Promise((resolve) => {
    request.onsuccess = () => resolve(undefined)
    request.onerror = () => resolve(request.error?.name)
  })

/** The name of what is thrown at once. */
function thrown(run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return (error as DOMException).name
  }
}

function openDatabase(indexedDB: IDBFactory, name: string, version?: number): Promise<IDBDatabase> {
  const request = indexedDB.open(name, version)
  request.onupgradeneeded = ({ oldVersion }) => {
    if (oldVersion === 0) request.result.createObjectStore(STORE)
  }
  return settled(request)
}

/** What the simulation and every browser do. The rest of the simulation's tests say what it does to a page besides. */
export function indexedDbContract(platform: string, createPlatform: () => IndexedDbPlatform): void {
  describe(`${platform} keeps the contract of IndexedDB`, () => {
    /** A database with two connections, of two pages. */
    async function setUp(entries: readonly (readonly [IDBValidKey, unknown])[] = []) {
      const { openPage, rest } = createPlatform()
      const [here, there] = [openPage(), openPage()]
      const name = `contract-${Math.random()}`
      const open: IDBDatabase[] = []
      onTestFinished(async () => {
        for (const database of open) database.close()
        await settled(here.deleteDatabase(name))
      })
      const connect = async (indexedDB: IDBFactory, version?: number) => {
        const database = await openDatabase(indexedDB, name, version)
        open.push(database)
        return database
      }
      const one = await connect(here)
      const other = await connect(there)
      const transact = (database: IDBDatabase, mode: IDBTransactionMode = 'readwrite') => {
        const transaction = database.transaction(STORE, mode)
        return { transaction, store: transaction.objectStore(STORE), end: ended(transaction) }
      }
      const { store, end } = transact(one)
      for (const [key, value] of entries) store.put(value, key)
      await end
      const read = () => settled(transact(other, 'readonly').store.getAll(everything()))
      return { here, there, name, one, other, connect, transact, read, rest }
    }

    describe('records', () => {
      test('numbers sort before strings, and strings before arrays', async () => {
        const sorted = [-1, 0, 1.5, 10, '', '10', '9', 'a', 'aa', 'b', [], [1], [1, 2], [1, 10], [2, 1], ['a'], [[1]]]
        const { one, transact } = await setUp(sorted.toReversed().map((key) => [key, 1]))
        expect(await settled(transact(one).store.getAllKeys())).toEqual(sorted)
      })

      test('a key is put anew, and not twice', async () => {
        const { read } = await setUp([
          [[1, 1], 'a'],
          [[1, 1], 'b'],
        ])
        expect(await read()).toEqual(['b'])
      })

      test('a range holds both its ends and nothing beyond', async () => {
        const { one, transact } = await setUp(['a', 'b', 'b1', 'c', 'd'].map((key) => [key, key]))
        const { store } = transact(one)
        const range = IDBKeyRange.bound('b', 'c')
        expect(
          await Promise.all([
            settled(store.getAllKeys(range)),
            settled(store.getAll(range)),
            settled(store.count(range)),
            settled(store.get(range)),
            settled(store.count(IDBKeyRange.bound('x', 'y'))),
            settled(store.count('b')),
            settled(store.count()),
          ]),
        ).toEqual([['b', 'b1', 'c'], ['b', 'b1', 'c'], 3, 'b', 0, 1, 5])
      })

      test('there is no range from a higher key to a lower', () => {
        expect(thrown(() => IDBKeyRange.bound('b', 'a'))).toBe('DataError')
      })

      test('a limit takes the lowest keys, and a limit of none takes all', async () => {
        const { one, transact } = await setUp(['c', 'a', 'b'].map((key) => [key, key]))
        const { store } = transact(one)
        expect(
          await Promise.all([
            settled(store.getAll(everything(), 2)),
            settled(store.getAllKeys(everything(), 1)),
            settled(store.getAll(everything(), 0)),
          ]),
        ).toEqual([['a', 'b'], ['a'], ['a', 'b', 'c']])
      })

      test('a range is deleted, and nothing beyond', async () => {
        const { one, transact, read } = await setUp(['a', 'b', 'c', 'd', 'e'].map((key) => [key, key]))
        const { store, end } = transact(one)
        store.delete(IDBKeyRange.bound('b', 'c'))
        store.delete('e')
        store.delete('f')
        expect(await end).toBe('complete')
        expect(await read()).toEqual(['a', 'd'])
      })

      test('what is stored is a copy, and so is what is read', async () => {
        const { one, transact, read } = await setUp()
        const value = { list: [1] }
        const { store, end } = transact(one)
        store.put(value, 'a')
        value.list.push(2)
        await end
        const [found] = await read()
        expect(found).toEqual({ list: [1] })
        found.list.push(3)
        expect(await read()).toEqual([{ list: [1] }])
      })

      test.each<[what: string, value: unknown]>([
        ['text', 'é✓\u0000'],
        ['nothing', undefined],
        ['null', null],
        ['a tree', { a: [1, { b: [], c: undefined, d: null }], e: { f: true } }],
        [
          'what is no plain object',
          { at: new Date(1), of: new Map([[1, new Set('ab')]]), bytes: new Uint8Array([1, 2]) },
        ],
        ['an own __proto__', JSON.parse('{"__proto__":{"a":1}}')],
      ])('%s is read as it was stored', async (_what, value) => {
        const { read } = await setUp([['a', value]])
        expect(await read()).toStrictEqual([value])
      })

      test('what goes round in a circle still does', async () => {
        const value: { self?: unknown } = {}
        value.self = [value]
        const { read } = await setUp([['a', value]])
        let [found] = await read()
        for (let times = 0; times < 100; times++) [found] = found.self
        expect(found.self).toHaveLength(1)
      })

      test('what can’t be copied throws at once, and harms nothing else', async () => {
        const { one, transact, read } = await setUp()
        const { store, end } = transact(one)
        store.put(1, 'a')
        expect(thrown(() => store.put(() => {}, 'b'))).toBe('DataCloneError')
        expect(thrown(() => store.put({ run() {} }, 'b'))).toBe('DataCloneError')
        expect(await end).toBe('complete')
        expect(await read()).toEqual([1])
      })

      test('what is no key throws at once', async () => {
        const { one, transact } = await setUp()
        const { store } = transact(one)
        expect(
          [Number.NaN, {}, [undefined], null].map((key) => thrown(() => store.put(1, key as IDBValidKey))),
        ).toEqual(Array.from({ length: 4 }, () => 'DataError'))
      })
    })

    describe('turns', () => {
      test('transactions that write run in the order in which they were begun, over all connections', async () => {
        const { one, other, transact, read } = await setUp()
        const running = [one, other, one, other, other, one].map((database) => transact(database))
        // Whoever asks first has no advantage.
        for (const [index, { store }] of [...running.entries()].toReversed()) {
          const request = store.get('a')
          request.onsuccess = () => store.put(`${request.result ?? ''}${index}`, 'a')
        }
        expect(new Set(await Promise.all(running.map(({ end }) => end)))).toEqual(new Set(['complete']))
        expect(await read()).toEqual(['012345'])
      })

      test('a transaction that writes waits until the one before it has ended', async () => {
        const { one, other, transact } = await setUp()
        const heard: string[] = []
        const first = transact(one)
        const second = transact(other)
        const ask = (times: number): void => {
          first.store.get('a').onsuccess = () => {
            heard.push('first')
            if (times > 1) ask(times - 1)
            else first.store.put('written', 'a')
          }
        }
        ask(5)
        expect(await settled(second.store.get('a'))).toBe('written')
        expect(heard).toHaveLength(5)
      })

      test('transactions that only read wait for none that only reads', async () => {
        const { one, other, transact } = await setUp([['a', 1]])
        const first = transact(one, 'readonly')
        let isStopped = false
        const ask = (): void => {
          first.store.get('a').onsuccess = () => {
            if (!isStopped) ask()
          }
        }
        ask()
        expect(await settled(transact(other, 'readonly').store.get('a'))).toBe(1)
        isStopped = true
        expect(await first.end).toBe('complete')
      })

      test('a transaction that only reads sees what was begun before it, and nothing of what came after', async () => {
        const { one, other, transact, read } = await setUp([['a', 'old']])
        transact(one).store.put('before', 'a')
        const reading = transact(other, 'readonly')
        const writing = transact(one)
        writing.store.put('after', 'a')
        const found: unknown[] = []
        const ask = (times: number): void => {
          const request = reading.store.get('a')
          request.onsuccess = () => {
            found.push(request.result)
            if (times > 1) ask(times - 1)
          }
        }
        ask(3)
        await Promise.all([reading.end, writing.end])
        expect(found).toEqual(['before', 'before', 'before'])
        expect(await read()).toEqual(['after'])
      })

      test('requests are answered in the order asked, and see what was asked before them', async () => {
        const { one, transact } = await setUp()
        const heard: unknown[] = []
        const { store, end } = transact(one)
        const requests = [
          store.put(1, 'a'),
          store.get('a'),
          store.put(2, 'a'),
          store.get('a'),
          store.delete('a'),
          store.get('a'),
        ]
        for (const request of requests) request.onsuccess = () => heard.push(request.result)
        await end
        expect(heard).toEqual(['a', 1, 'a', 2, undefined, undefined])
      })

      test('each answer is a task of its own: all promises that follow one come before the next', async () => {
        const { one, transact } = await setUp()
        const heard: string[] = []
        const { store, end } = transact(one)
        for (const key of ['a', 'b']) {
          store.get(key).onsuccess = async () => {
            heard.push(key)
            for (let times = 0; times < 10; times++) await undefined
            heard.push(`after ${key}`)
          }
        }
        await end
        expect(heard).toEqual(['a', 'after a', 'b', 'after b'])
      })

      test('a page hears of a transaction’s end before its next one is answered', async () => {
        const { one, transact } = await setUp()
        const heard: string[] = []
        const first = transact(one)
        const second = transact(one)
        first.store.put(1, 'a')
        first.transaction.oncomplete = () => heard.push('end')
        second.store.get('a').onsuccess = () => heard.push('answer')
        await second.end
        expect(heard).toEqual(['end', 'answer'])
      })
    })

    describe('a transaction is active', () => {
      test('in the task in which it was begun, however many promises follow', async () => {
        const { one, transact } = await setUp()
        const { store, end } = transact(one)
        for (let times = 0; times < 100; times++) await undefined
        store.put(1, 'a')
        expect(await end).toBe('complete')
      })

      test('in what follows an answer to it, however many promises that takes', async () => {
        const { one, transact, read } = await setUp([['a', 1]])
        const { store, end } = transact(one)
        for (let times = 0; times < 3; times++) {
          const value = await settled(store.get('a'))
          for (let times = 0; times < 100; times++) await undefined
          store.put(value + 1, 'a')
        }
        expect(await end).toBe('complete')
        expect(await read()).toEqual([4])
      })

      test('not in what follows an answer to another', async () => {
        const { one, transact } = await setUp()
        const waiting = transact(one)
        const answered = transact(one)
        waiting.store.get('a').onsuccess = () => {
          expect(thrown(() => answered.store.get('a'))).toBe('TransactionInactiveError')
          expect(thrown(() => answered.transaction.commit())).toBe('InvalidStateError')
        }
        answered.store.put(1, 'a')
        expect(await Promise.all([waiting.end, answered.end])).toEqual(['complete', 'complete'])
      })

      test('in no later task: it has committed by itself', async () => {
        const { one, transact, rest } = await setUp()
        const { transaction, store, end } = transact(one)
        await rest()
        expect(thrown(() => store.put(1, 'a'))).toBe('TransactionInactiveError')
        expect(await end).toBe('complete')
        expect(thrown(() => transaction.objectStore(STORE))).toBe('InvalidStateError')
        expect(thrown(() => store.get('a'))).toBe('TransactionInactiveError')
      })

      test('and one begun in a promise that follows an answer is, too', async () => {
        const { one, transact, read } = await setUp()
        await settled(transact(one).store.get('a'))
        await undefined
        const { store, end } = transact(one)
        await undefined
        store.put(1, 'a')
        await end
        expect(await read()).toEqual([1])
      })
    })

    describe('an end', () => {
      test('abort undoes all that was written, and whatever is not answered fails', async () => {
        const { one, transact, read } = await setUp([
          ['a', 'old'],
          ['b', 'kept'],
        ])
        const { transaction, store, end } = transact(one)
        await settled(store.put('new', 'a'))
        store.delete(everything())
        const last = failed(store.put('more', 'c'))
        transaction.abort()
        expect(await last).toBe('AbortError')
        expect(await end).toBe('aborted')
        expect(await read()).toEqual(['old', 'kept'])
      })

      test('a transaction is aborted once, and takes nothing any more', async () => {
        const { one, transact } = await setUp()
        const { transaction, store, end } = transact(one)
        transaction.abort()
        expect(thrown(() => transaction.abort())).toBe('InvalidStateError')
        expect(thrown(() => transaction.commit())).toBe('InvalidStateError')
        expect(thrown(() => store.put(1, 'a'))).toBe('TransactionInactiveError')
        expect(await end).toBe('aborted')
      })

      test('it is too late to abort what has ended', async () => {
        const { one, transact } = await setUp()
        const { transaction, end } = transact(one)
        await end
        expect(thrown(() => transaction.abort())).toBe('InvalidStateError')
      })

      test('one that waits for its turn is aborted, too, and holds up nobody', async () => {
        const { one, other, transact, read } = await setUp()
        const [first, second, third] = [transact(one), transact(other), transact(one)]
        for (const [index, { store }] of [first, second, third].entries()) store.put(index, index.toString())
        second.transaction.abort()
        expect(await Promise.all([first.end, second.end, third.end])).toEqual(['complete', 'aborted', 'complete'])
        expect(await read()).toEqual([0, 2])
      })

      test('what says that all is asked for commits: it is too late for anything else', async () => {
        const { one, transact, read } = await setUp()
        const { transaction, store, end } = transact(one)
        store.put(1, 'a')
        transaction.commit()
        expect(thrown(() => store.put(2, 'a'))).toBe('TransactionInactiveError')
        expect(thrown(() => transaction.commit())).toBe('InvalidStateError')
        expect(thrown(() => transaction.abort())).toBe('InvalidStateError')
        expect(await end).toBe('complete')
        expect(await read()).toEqual([1])
      })

      test('what was asked for is answered before the end, whoever has said that it is all', async () => {
        const { one, transact } = await setUp()
        const heard: string[] = []
        const { transaction, store } = transact(one)
        store.put(1, 'a').onsuccess = () => heard.push('put')
        store.get('a').onsuccess = () => heard.push('get')
        transaction.commit()
        await new Promise<void>((resolve) => {
          transaction.oncomplete = () => resolve()
        })
        expect(heard).toEqual(['put', 'get'])
      })

      test('a request that fails aborts its transaction, which says why', async () => {
        const { one, transact, read } = await setUp([['a', 'old']])
        const { transaction, store, end } = transact(one)
        store.put('new', 'b')
        expect(await failed(store.add('again', 'a'))).toBe('ConstraintError')
        expect(await end).toBe('ConstraintError')
        expect(transaction.error?.name).toBe('ConstraintError')
        expect(await read()).toEqual(['old'])
      })

      test('a request that fails aborts what is committing, too', async () => {
        const { one, transact, read } = await setUp([['a', 'old']])
        const { transaction, store, end } = transact(one)
        store.put('new', 'b')
        store.add('again', 'a')
        transaction.commit()
        expect(await end).toBe('ConstraintError')
        expect(await read()).toEqual(['old'])
      })

      test('a request whose failure is prevented fails alone', async () => {
        const { one, transact, read } = await setUp([['a', 'old']])
        const { store, end } = transact(one)
        store.add('again', 'a').onerror = (event) => event.preventDefault()
        store.add('new', 'b')
        expect(await end).toBe('complete')
        expect(await read()).toEqual(['old', 'new'])
      })

      test('who only reads may not write', async () => {
        const { one, transact } = await setUp()
        const { store } = transact(one, 'readonly')
        expect(thrown(() => store.put(1, 'a'))).toBe('ReadOnlyError')
        expect(thrown(() => store.delete('a'))).toBe('ReadOnlyError')
      })
    })

    describe('a database', () => {
      test('is there with its first version from when it was opened, and is opened as it is', async () => {
        const { here, name, one, connect } = await setUp()
        expect((await here.databases()).filter((one) => one.name === name)).toEqual([{ name, version: 1 }])
        expect([...one.objectStoreNames]).toEqual([STORE])
        expect([one.version, (await connect(here)).version]).toEqual([1, 1])
      })

      test('is not there when its creation was aborted', async () => {
        const { openPage } = createPlatform()
        const indexedDB = openPage()
        const name = `contract-${Math.random()}`
        const request = indexedDB.open(name)
        request.onupgradeneeded = () => {
          request.result.createObjectStore(STORE)
          request.transaction?.abort()
        }
        expect(await failed(request)).toBe('AbortError')
        expect(request.result ?? undefined).toBeUndefined()
        expect((await indexedDB.databases()).map((one) => one.name)).not.toContain(name)
        const again = await openDatabase(indexedDB, name)
        expect([...again.objectStoreNames]).toEqual([STORE])
        again.close()
        await settled(indexedDB.deleteDatabase(name))
      })

      test('gets its object stores when it is created, and at no other time', async () => {
        const { one } = await setUp()
        expect(thrown(() => one.createObjectStore('more'))).toBe('InvalidStateError')
        expect(thrown(() => one.transaction('more'))).toBe('NotFoundError')
      })

      test('is not opened with a lower version than it has', async () => {
        const { here, name, one, other, connect } = await setUp()
        one.close()
        other.close()
        expect((await connect(here, 3)).version).toBe(3)
        expect(await failed(here.open(name, 2))).toBe('VersionError')
      })

      test('is raised to a version when nobody else has it open', async () => {
        const { here, one, other, connect, transact, read } = await setUp([['a', 1]])
        const heard: unknown[] = []
        for (const database of [one, other]) {
          database.onversionchange = ({ oldVersion, newVersion }) => {
            heard.push([oldVersion, newVersion])
            database.close()
          }
        }
        const raised = await connect(here, 7)
        expect(heard).toEqual([
          [1, 7],
          [1, 7],
        ])
        expect(thrown(read)).toBe('InvalidStateError')
        expect(await settled(transact(raised).store.get('a'))).toBe(1)
      })

      test('is deleted once those who have it open have closed it', async () => {
        const { here, name, one, other, connect, transact } = await setUp([['a', 1]])
        const heard: string[] = []
        one.onversionchange = ({ oldVersion, newVersion }) => {
          heard.push(`${oldVersion} ${newVersion}`)
          one.close()
        }
        other.onversionchange = () => heard.push('stays')
        const deletion = here.deleteDatabase(name)
        const blocked = new Promise<void>((resolve) => {
          deletion.onblocked = () => resolve()
        })
        const deleted = settled(deletion).then(() => heard.push('deleted'))
        const opened = connect(here)
        await blocked
        expect(heard.toSorted()).toEqual(['1 null', 'stays'])
        other.close()
        await deleted
        expect(await settled(transact(await opened).store.count())).toBe(0)
      })

      test('is deleted after what runs in a connection that is closed', async () => {
        const { here, name, one, other, transact } = await setUp()
        const heard: string[] = []
        other.close()
        one.onversionchange = () => one.close()
        const { store, end } = transact(one)
        store.put(1, 'a')
        const deletion = here.deleteDatabase(name)
        deletion.onblocked = () => heard.push('blocked')
        await Promise.all([end.then((how) => heard.push(how)), settled(deletion).then(() => heard.push('deleted'))])
        expect(heard.filter((one) => one !== 'blocked')).toEqual(['complete', 'deleted'])
      })

      test('that is not there is deleted all the same', async () => {
        const { here } = await setUp()
        expect(await settled(here.deleteDatabase(`contract-${Math.random()}`))).toBeUndefined()
      })

      test('that is closed begins nothing, and ends what runs', async () => {
        const { one, transact, read } = await setUp()
        const { store, end } = transact(one)
        store.put(1, 'a')
        one.close()
        expect(thrown(() => transact(one))).toBe('InvalidStateError')
        expect(await end).toBe('complete')
        expect(await read()).toEqual([1])
      })
    })
  })
}
