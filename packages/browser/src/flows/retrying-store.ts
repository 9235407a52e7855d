import type { Store } from '../core/store.ts'

/**
 * A store whose failed transactions are run again, and once more: the first failure may be a connection that was closed
 * under it (Safari kills them), the second that it was still closed. What somebody wanted to abort is not.
 */
export function createRetryingStore(store: Store): Store {
  let ended = 0

  return {
    mode: store.mode,
    transact(work, options) {
      let running = store.transact(work, options)
      let aborted = false
      const era = ended
      const again = (error: unknown) => {
        if (aborted || era !== ended) throw error
        running = store.transact(work, options)
        return running.done
      }
      return {
        done: running.done.catch(again).catch(again),
        abort() {
          aborted = true
          return running.abort()
        },
      }
    },
    abortAll() {
      ended++
      store.abortAll()
    },
  }
}
