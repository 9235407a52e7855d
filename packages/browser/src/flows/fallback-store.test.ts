import { expect, test } from 'vitest'
import { createGate, createParts, type Gate, turn } from '../../test/parts.ts'
import type { Store } from '../core/store.ts'
import { createFallbackStore } from './fallback-store.ts'

/** A store that fails as often as it is told to, each time when its gate opens. */
function createFragile(memory: Store, failures: (Gate | undefined)[] = []): Store & { begun: number } {
  const fragile = {
    mode: 'durable' as const,
    begun: 0,
    transact: ((work, options) => {
      fragile.begun++
      if (failures.length === 0) return memory.transact(work, options)
      const gate = failures.shift()
      const failed = async () => {
        await gate?.opened
        throw new Error(`failed ${fragile.begun}`)
      }
      return { done: failed(), abort: () => true }
    }) satisfies Store['transact'],
  }
  return fragile
}

const put = (store: Store, key: string) => store.transact(async (transaction) => transaction.put(key, key)).done
const has = async (store: Store, key: string) => (await store.transact(({ get }) => get(key)).done) !== undefined

function createScene(failures: (Gate | undefined)[] = []) {
  const [disk, memory] = [createParts().store, createParts().store]
  const primary = createFragile(disk, failures)
  const reasons: unknown[] = []
  const store = createFallbackStore(primary, (error) => {
    reasons.push(error)
    return memory
  })
  return { disk, memory, primary, store, reasons }
}

test('a store that works is used as it is', async () => {
  const { store, disk, reasons } = createScene()
  await put(store, 'a')
  expect(await has(disk, 'a')).toBe(true)
  expect(store.mode).toBe('durable')
  expect(reasons).toEqual([])
})

test('a transaction that fails, and fails again, is run where it was', async () => {
  const { store, disk, primary } = createScene([undefined, undefined])
  await put(store, 'a')
  expect(await has(disk, 'a')).toBe(true)
  expect(primary.begun).toBe(3)
  expect(store.mode).toBe('durable')
})

test('a transaction that fails three times is run in the fallback, and all that follow', async () => {
  const { store, disk, memory } = createScene([undefined, undefined, undefined])
  await put(store, 'a')
  expect(store.mode).toBe('memory')
  await put(store, 'b')
  expect([await has(memory, 'a'), await has(memory, 'b')]).toEqual([true, true])
  expect([await has(disk, 'a'), await has(disk, 'b')]).toEqual([false, false])
})

test('transactions that fail together share one fallback, which is told why', async () => {
  const { store, memory, reasons } = createScene(Array.from({ length: 9 }, () => undefined))
  await Promise.all(['a', 'b', 'c'].map((key) => put(store, key)))
  expect(reasons).toEqual([expect.any(Error)])
  for (const key of ['a', 'b', 'c']) expect(await has(memory, key)).toBe(true)
})

test('a transaction that was aborted is not run again', async () => {
  const { store, disk, primary } = createScene([undefined])
  const running = store.transact(async (transaction) => transaction.put('a', 'a'))
  expect(running.abort()).toBe(true)
  await expect(running.done).rejects.toThrow()
  expect(primary.begun).toBe(1)
  expect(await has(disk, 'a')).toBe(false)
})

test('once it has fallen back it stays there: no event is left in a store that nobody reads', async () => {
  const [early, late] = [createGate(), createGate()]
  const { store, memory } = createScene([early, late, early, early])
  const first = put(store, 'a')
  const second = put(store, 'b')
  early.open()
  await first
  expect([store.mode, await has(memory, 'a')]).toEqual(['memory', true])
  late.open()
  await second
  await turn()
  expect([store.mode, await has(memory, 'b')]).toEqual(['memory', true])
})

test('an error of the work itself is the caller’s', async () => {
  const { store } = createScene()
  const { done } = store.transact(async () => {
    throw new Error('mine')
  })
  await expect(done).rejects.toThrow('mine')
})
