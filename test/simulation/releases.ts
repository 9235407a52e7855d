import { STATE } from '../../packages/browser/src/core/records.ts'
import type { Store, Transaction } from '../../packages/browser/src/core/store.ts'

/**
 * Which SDK a page runs: `this` one, the `next`, which accumulates something that this one does not know, or a `newer`
 * one, which stores its state in a format that this one can't read. Both stand for what is not written yet.
 */
export type Release = 'this' | 'next' | 'newer'

interface Stored {
  format: number
  stream?: { values: { future?: number } }
}

/** The store as a page of that release uses it. */
export function storeOf(release: Release, store: Store): Store {
  if (release === 'this') return store
  const translate = (transaction: Transaction): Transaction => ({
    ...transaction,
    async get(key) {
      const value = await transaction.get(key)
      return key === STATE && release === 'newer' ? toThis(value as Stored | undefined) : value
    },
    put(key, value) {
      transaction.put(key, key === STATE ? toFuture(value as Stored, release) : value)
    },
  })
  return {
    ...store,
    transact: (work, options) => store.transact((transaction) => work(translate(transaction)), options),
  }
}

const NEWER = 2

const toThis = (state: Stored | undefined) => (state?.format === NEWER ? { ...state, format: 1 } : state)

function toFuture(state: Stored, release: Release): Stored {
  const { stream } = state
  const future = (stream?.values.future ?? 0) + 1
  return {
    ...state,
    format: release === 'newer' ? NEWER : state.format,
    ...(stream && { stream: { ...stream, values: { ...stream.values, future } } }),
  }
}
