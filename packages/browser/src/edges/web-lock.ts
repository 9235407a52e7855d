import type { Lock } from '../core/lock.ts'

/**
 * The Web Lock of this name. Taken with `ifAvailable`: a tab that waits for a lock whose holder enters the
 * back/forward cache starves. Rejects where the page may not use locks, and in insecure contexts, which have none.
 */
export const webLock =
  (name: string): Lock =>
  async (work, signal) =>
    navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      const released = new Promise<null>((resolve) => {
        signal.onabort = () => resolve(null)
      })
      return lock && Promise.race([work(), released])
    })
