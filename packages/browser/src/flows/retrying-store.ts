import type { RunningTransaction, Store, Transaction, TransactionOptions } from '../core/store.ts'

/** The first failure may be a connection that was closed under it (Safari kills them), the second that it was still closed. */
const TRIES = 3

/**
 * A store whose failed transactions are run again. What was begun later and is not committed yet is begun again after it,
 * for the order is the order of tracking. What somebody wanted to abort is not run again.
 */
export function createRetryingStore(store: Store): Store {
  /** Puts back what is under way, in the order in which it was begun. */
  let live: (() => void)[] = []
  let ended = 0

  return {
    mode: store.mode,
    transact<Value>(work: (transaction: Transaction) => Promise<Value>, options?: TransactionOptions) {
      let running: RunningTransaction<Value>
      let aborted = false
      let isPutBack = false
      const era = ended
      const putBack = () => {
        isPutBack = running.abort()
      }
      const run = async () => {
        for (let tries = TRIES; ; ) {
          try {
            running = store.transact(work, options)
            return await running.done
          } catch (error) {
            if (!isPutBack) tries--
            isPutBack = false
            if (aborted || era !== ended || tries === 0) throw error
            for (const later of live.slice(live.indexOf(putBack) + 1)) later()
          }
        }
      }
      live.push(putBack)
      const done = run().finally(() => {
        live = live.filter((other) => other !== putBack)
      })
      return {
        done,
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
