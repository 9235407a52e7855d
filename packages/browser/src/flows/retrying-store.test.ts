import { describe, expect, test } from 'vitest'
import { createDisk, createGate, turn } from '../../test/parts.ts'
import { storeContract } from '../../test/store-contract.ts'
import type { Store } from '../core/store.ts'
import { createRetryingStore } from './retrying-store.ts'

storeContract('a store that tries again', () => createRetryingStore(createDisk()))

const put = (store: Store, key: string) => store.transact(async (transaction) => transaction.put(key, key)).done
const has = async (store: Store, key: string) => (await store.transact(({ get }) => get(key)).done) !== undefined

function createScene(...failures: string[]) {
  const disk = createDisk()
  disk.failures.push(...failures.map((text) => new Error(text)))
  return { disk, store: createRetryingStore(disk) }
}

test('it is as durable as the store below', () => {
  expect(createScene().store.mode).toBe('durable')
})

test('a transaction that fails, and fails again, is run once more, and kept once', async () => {
  const { disk, store } = createScene('first', 'second')
  await put(store, 'a')
  expect(await has(disk, 'a')).toBe(true)
  expect(disk.begun).toBe(4)
})

test('a transaction that fails three times has failed, for the last reason', async () => {
  const { disk, store } = createScene('first', 'second', 'third', 'unheard')
  await expect(put(store, 'a')).rejects.toThrow('third')
  expect(disk.begun).toBe(3)
})

test('what was begun after a transaction that fails comes after it all the same', async () => {
  const { disk, store } = createScene('first', 'second')
  const append = (name: string) =>
    store.transact(async ({ get, put }) => put('names', `${(await get('names')) ?? ''}${name}`)).done
  await Promise.all(['a', 'b', 'c'].map(append))
  expect(await disk.transact(({ get }) => get('names')).done).toBe('abc')
})

test('it fails for itself alone', async () => {
  const { disk, store } = createScene()
  disk.failures.push(
    ...(['first', undefined, 'second', undefined, 'third'].map((text) => text && new Error(text)) as Error[]),
  )
  const [failing, other] = await Promise.allSettled([put(store, 'a'), put(store, 'b')])
  expect([failing.status, other.status, await has(disk, 'b')]).toEqual(['rejected', 'fulfilled', true])
})

test('a transaction that was aborted is not run again', async () => {
  const { disk, store } = createScene()
  const running = store.transact(async (transaction) => transaction.put('a', 'a'))
  expect(running.abort()).toBe(true)
  await expect(running.done).rejects.toThrow()
  expect(disk.begun).toBe(1)
  expect(await has(disk, 'a')).toBe(false)
})

test('a transaction that is aborted while it runs for the second time is not run a third time', async () => {
  const { disk, store } = createScene('first')
  const running = store.transact(async (transaction) => {
    await turn()
    transaction.put('a', 'a')
  })
  running.done.catch(() => {})
  while (disk.begun < 2) await turn()
  expect(running.abort()).toBe(true)
  await expect(running.done).rejects.toThrow('aborted')
  expect([disk.begun, await has(disk, 'a')]).toEqual([2, false])
})

test('a transaction that could not be aborted any more is not run again either: whoever wanted it gone has seen to it', async () => {
  const { disk, store } = createScene('full')
  const running = store.transact(async ({ commit }) => commit())
  expect(running.abort()).toBe(false)
  await expect(running.done).rejects.toThrow('full')
  expect(disk.begun).toBe(1)
})

describe('what was under way when all was aborted', () => {
  test('is not run again, whatever it fails with', async () => {
    const { disk, store } = createScene('closed')
    const [failing, aborted] = [put(store, 'a'), put(store, 'b')]
    store.abortAll()
    await expect(failing).rejects.toThrow()
    await expect(aborted).rejects.toThrow('aborted')
    expect([disk.begun, await has(disk, 'a'), await has(disk, 'b')]).toEqual([2, false, false])
  })

  test('is not run a third time', async () => {
    const { disk, store } = createScene('closed', 'closed')
    const gate = createGate()
    disk.beforeBegin = () => (disk.begun === 2 ? gate.opened : undefined)
    const failing = put(store, 'a')
    while (disk.begun < 2) await turn()
    store.abortAll()
    gate.open()
    await expect(failing).rejects.toThrow('aborted')
    expect(disk.begun).toBe(2)
  })

  test('says nothing about what comes after it: that is tried again', async () => {
    const { disk, store } = createScene()
    store.abortAll()
    disk.failures.push(new Error('closed'))
    await put(store, 'a')
    expect(await has(disk, 'a')).toBe(true)
  })
})
