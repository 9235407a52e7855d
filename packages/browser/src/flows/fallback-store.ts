import type { Store } from '../core/store.ts'

/**
 * A store that outlives a broken one. A transaction that fails is run again: a closed connection reopens. One that
 * fails twice runs in the store that `createFallback` makes, and so do all that follow: they find a new buffer there,
 * with a stream of its own.
 */
export function createFallbackStore(primary: Store, createFallback: (error: unknown) => Store): Store {
  let current = primary
  let fallback: Store | undefined

  return {
    get mode() {
      return current.mode
    },
    transact(work, options) {
      let running = current.transact(work, options)
      let aborted = false
      const again = (store: Store) => (error: unknown) => {
        if (aborted) throw error
        current = store
        running = store.transact(work, options)
        return running.done
      }
      const useFallback = (error: unknown) => {
        fallback ??= createFallback(error)
        return again(fallback)(error)
      }
      return {
        done: running.done.catch(again(current)).catch(useFallback),
        abort() {
          aborted = running.abort()
          return aborted
        },
      }
    },
  }
}
