import { expect, test } from 'vitest'
import { storeContract } from '../../test/store-contract.ts'
import { createMemoryStore } from './memory-store.ts'

storeContract('the memory store', () => createMemoryStore())

test('it says that it is memory, and shares nothing with another', async () => {
  const [one, other] = [createMemoryStore(), createMemoryStore()]
  expect(one.mode).toBe('memory')
  await one.transact(async ({ put }) => put('state', 1)).done
  expect(await other.transact(({ get }) => get('state')).done).toBeUndefined()
})
