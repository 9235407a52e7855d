import type { Store } from '../core/store.ts'

/**
 * A store that outlives a broken one. A transaction that fails is run again, and once more: the first failure may be a
 * connection that was closed under it, the second that it was still closed. One that fails three times runs in the
 * store that `createFallback` makes, and so do all that follow: they find a new buffer there, with a stream of its own.
 */
export function createFallbackStore(primary: Store, createFallback: (error: unknown) => Store): Store {
  let current = primary

  return {
    get mode() {
      return current.mode
    },
    transact(work, options) {
      let running = current.transact(work, options)
      let aborted = false
      const again = (error: unknown) => {
        if (aborted) throw error
        running = current.transact(work, options)
        return running.done
      }
      const useFallback = (error: unknown) => {
        if (!aborted && current === primary) current = createFallback(error)
        return again(error)
      }
      return {
        done: running.done.catch(again).catch(again).catch(useFallback),
        abort() {
          aborted = running.abort()
          return aborted
        },
      }
    },
  }
}
