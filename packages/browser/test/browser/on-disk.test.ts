import { expect, test } from 'vitest'
import { lanes } from '../../src/core/store.ts'
import { createDatabaseName, openStore } from '../databases.ts'
import { leavePages } from '../leave-pages.ts'

// What does not hold in a private window, where Chromium runs one writing transaction of a database at a time.

test('what is written to one lane of the raw journal waits for no other and not for the buffer, in whatever tab', async () => {
  const name = createDatabaseName()
  const [store, other] = [openStore(name), openStore(name)]
  await store.transact(async (transaction) => transaction.put('state', 1)).done
  let journalled = false
  let waited = 0
  const [own, ...rest] = lanes
  const busy = other.transact(
    async (transaction) => {
      for (; waited < 500 && !journalled; waited++) await transaction.get('state')
    },
    { scope: ['buffer', ...rest] },
  )
  await other.transact(async () => {}, { scope: [own] }).done // It is open.
  const writing = store.transact(async (transaction) => transaction.put(`${own}1`, 'raw'), { scope: [own] })
  await writing.done.then(() => {
    journalled = true
  })
  await busy.done
  expect(waited).toBeLessThan(500)
})

test('a page that is left by a link keeps what it tracked in a listener that comes after the SDK’s own, exactly once and in order', async () => {
  const { expected, stored } = await leavePages('late')
  expect(stored).toEqual(expected)
})
