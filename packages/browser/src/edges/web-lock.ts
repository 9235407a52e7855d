import type { Lock } from '../core/lock.ts'

/**
 * The Web Lock of this name. Taken with `ifAvailable`: a tab that waits for a lock whose holder enters the
 * back/forward cache starves.
 *
 * Insecure contexts have no Web Locks. There every tab may flush, and the epoch alone sees to it that one tab's
 * decisions count: nothing is lost, but a batch may be sent by two tabs.
 */
export const webLock =
  (name: string): Lock =>
  (work, signal) => {
    const run = () => {
      const released = new Promise<null>((resolve) => {
        signal.addEventListener('abort', () => resolve(null), { once: true })
      })
      return Promise.race([work(), released])
    }
    const locks = globalThis.navigator?.locks
    return locks ? locks.request(name, { ifAvailable: true }, (lock) => (lock ? run() : null)) : run()
  }
