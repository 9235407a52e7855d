import { afterEach, describe, expect, test } from 'vitest'
import type { Key, KeyRange, Store, Transaction } from '../src/core/store.ts'
import { createGate } from './parts.ts'

/** Infinity is no key's number: a range ends at the largest whole number that a double holds exactly. */
const largest: Key = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]

const everything: KeyRange = ['', largest]

const readRange = (store: Store, range: KeyRange): Promise<[Key, unknown][]> =>
  store.transact(({ getAll }) => getAll(range)).done

const readAll = (store: Store): Promise<[Key, unknown][]> => readRange(store, everything)

const read = (store: Store, key: Key): Promise<unknown> => store.transact(({ get }) => get(key)).done

/** What every store keeps to. `create` makes a new and empty one; `dispose` takes it away after the test. */
export function storeContract(name: string, create: () => Store, dispose: (store: Store) => unknown = () => {}): void {
  let created: Store[] = []
  const createStore = () => {
    const store = create()
    created.push(store)
    return store
  }
  afterEach(async () => {
    await Promise.all(created.map(dispose))
    created = []
  })

  const filled = async (...keys: Key[]) => {
    const store = createStore()
    await store.transact(async ({ put }) => {
      for (const key of keys) put(key, `at ${key}`)
    }).done
    return store
  }

  describe(`${name} keeps the contract of stores`, () => {
    test('what was put is got, by a later transaction', async () => {
      const store = createStore()
      const value = { format: 1, list: [{ a: 'é✓' }], nothing: null, missing: undefined }
      await store.transact(async ({ put }) => put('state', value)).done
      expect(await read(store, 'state')).toEqual(value)
      expect(await read(store, 'cuts')).toBeUndefined()
    })

    test('a transaction resolves to what its work resolved to', async () => {
      expect(await createStore().transact(async () => 42).done).toBe(42)
    })

    test('a key is put anew, and not twice', async () => {
      const store = createStore()
      for (const text of ['a', 'b']) await store.transact(async ({ put }) => put([1, 1], text)).done
      expect(await readAll(store)).toEqual([[[1, 1], 'b']])
    })

    test('strings sort before pairs, strings by their letters and pairs by their numbers', async () => {
      const now = Date.parse('2026-11-22T10:00:00.000Z')
      const sorted: Key[] = ['', 'cuts', 'state', 'state2', '~', [1, 2], [2, 1], [2, 9], [2, 10], [10, 1], [now, 1]]
      const store = await filled(...sorted.toReversed())
      expect((await readAll(store)).map(([key]) => key)).toEqual(sorted)
    })

    test('a range holds both its ends and nothing beyond', async () => {
      const store = await filled('a', 'b', 'b1', 'c', [1, 1], [1, 2], [1, 3], [2, 1])
      const keys = (range: KeyRange) =>
        store.transact(async ({ getAll }) => (await getAll(range)).map(([key]) => key)).done
      expect(await keys(['b', 'c'])).toEqual(['b', 'b1', 'c'])
      expect(
        await keys([
          [1, 2],
          [1, 3],
        ]),
      ).toEqual([
        [1, 2],
        [1, 3],
      ])
      expect(await keys(['d', 'e'])).toEqual([])
    })

    test('a range up to the largest numbers holds every pair', async () => {
      const sorted: Key[] = [[0, 1], [1, 1], [1_795_000_000_000, 1], largest]
      const store = await filled('state', ...sorted.toReversed())
      const lines = await store.transact(({ getAll }) => getAll([[0, 0], largest])).done
      expect(lines.map(([key]) => key)).toEqual(sorted)
    })

    test('a limit takes the lowest keys', async () => {
      const store = await filled([1, 3], [1, 1], [2, 1], [1, 2])
      const lowest = await store.transact(({ getAll }) => getAll(everything, 2)).done
      expect(lowest).toEqual([
        [[1, 1], 'at 1,1'],
        [[1, 2], 'at 1,2'],
      ])
    })

    test('a range is removed, and nothing beyond', async () => {
      const store = await filled('a', 'b', 'c', [1, 1], [1, 2], [1, 3])
      await store.transact(async ({ remove }) => {
        remove(['a', 'b'])
        remove([
          [1, 1],
          [1, 2],
        ])
      }).done
      expect((await readAll(store)).map(([key]) => key)).toEqual(['c', [1, 3]])
    })

    test('counts what a range holds, both its ends included', async () => {
      const store = await filled('state', [1, 1], [1, 2], [1, 3], [2, 1])
      const counts = await store.transact(({ count }) =>
        Promise.all([
          count([[1, 2], largest]),
          count([
            [1, 1],
            [1, 3],
          ]),
          count([[3, 1], largest]),
          count(['', '~']),
        ]),
      ).done
      expect(counts).toEqual([3, 3, 0, 1])
    })

    test('work that throws keeps nothing, and says why', async () => {
      const store = await filled('state')
      const { done } = store.transact(async ({ get, put, remove }) => {
        await get('state')
        put('state', 'changed')
        put([1, 1], 'line')
        remove(['state', 'state'])
        throw new Error('no')
      })
      await expect(done).rejects.toThrow('no')
      expect(await readAll(store)).toEqual([['state', 'at state']])
    })

    test('work that throws harms no other transaction', async () => {
      const store = createStore()
      const failing = store.transact(async () => {
        throw new Error('no')
      })
      const next = store.transact(async ({ put }) => put('state', 1))
      await expect(failing.done).rejects.toThrow('no')
      await next.done
      expect(await read(store, 'state')).toBe(1)
    })

    test('transactions begun together run one after another, in the order in which they were begun', async () => {
      const store = createStore()
      const append = (letter: string) =>
        store.transact(async ({ get, put }) => {
          const before = ((await get('state')) ?? '') as string
          put('state', before + letter)
          return before
        }).done
      expect(await Promise.all([...'abcdef'].map(append))).toEqual(['', 'a', 'ab', 'abc', 'abcd', 'abcde'])
    })

    test('a transaction begun while another runs waits for it', async () => {
      const store = createStore()
      let next: Promise<unknown> = Promise.resolve()
      await store.transact(async ({ get, put }) => {
        await get('state')
        next = store.transact(({ get: getNext }) => getNext('state')).done
        await get('state')
        put('state', 'written')
      }).done
      expect(await next).toBe('written')
    })

    test('a transaction that only reads sees what was begun before it, and nothing of what came after', async () => {
      const store = createStore()
      store.transact(async ({ put }) => put('state', 'before'))
      const reading = store.transact(({ getAll }) => getAll(everything)).done
      store.transact(async ({ put }) => put('state', 'after'))
      expect(await reading).toEqual([['state', 'before']])
    })

    test('a transaction may be strict', async () => {
      const store = createStore()
      await store.transact(async ({ put }) => put('cuts', 1), { durability: 'strict' }).done
      expect(await read(store, 'cuts')).toBe(1)
    })

    test.each<[when: string, abortAt: 'begun' | 'reading' | 'written' | 'done']>([
      ['just begun', 'begun'],
      ['that has read', 'reading'],
      ['that has written', 'written'],
      ['that has ended', 'done'],
    ])('abort tells the truth about a transaction %s', async (_when, abortAt) => {
      const store = await filled('state')
      const read = createGate()
      const written = createGate()
      const running = store.transact(async ({ get, put }: Transaction) => {
        await get('state')
        read.open()
        put('state', 'changed')
        put([1, 1], 'line')
        written.open()
      })
      const ended = running.done.then(
        () => true,
        () => false,
      )
      await { begun: undefined, reading: read.opened, written: written.opened, done: ended }[abortAt]
      const aborted = running.abort()
      expect(await ended).toBe(!aborted)
      expect(await readAll(store)).toEqual(
        aborted
          ? [['state', 'at state']]
          : [
              ['state', 'changed'],
              [[1, 1], 'line'],
            ],
      )
      if (abortAt === 'done') expect(aborted).toBe(false)
    })

    test('when all is aborted, each transaction is kept whole or not at all, as it says', async () => {
      const store = createStore()
      const keys = ['a', 'b', 'c']
      const ended = keys.map((key) => {
        const { done } = store.transact(async ({ get, put }) => {
          await get(key)
          put(key, 1)
          put(`${key} too`, 1)
        })
        return done.then(
          () => [key, `${key} too`],
          () => [],
        )
      })
      store.abortAll()
      const kept = (await Promise.all(ended)).flat()
      expect((await readAll(store)).map(([key]) => key)).toEqual(kept)
      await store.transact(async ({ put }) => put('later', 1)).done
      expect(await read(store, 'later')).toBe(1)
    })

    test('what is aborted holds up nothing that comes after it', async () => {
      const store = createStore()
      const aborted = store.transact(async ({ get, put }) => {
        await get('state')
        put('state', 'first')
      })
      aborted.done.catch(() => {})
      aborted.abort()
      await store.transact(async ({ put }) => put('cuts', 'second')).done
      expect(await read(store, 'cuts')).toBe('second')
    })
  })
}
