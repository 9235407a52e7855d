import type { Wish, Wishes } from '../core/wish.ts'
import { withLocalStorage } from './local-storage.ts'

/**
 * The visitor's wish in `localStorage`, whose writes are synchronous. Where there is none, the store alone knows.
 *
 * @param key of the item
 * @param onWritten another tab has written one, or carried one out
 */
export function createWishes(key: string, onWritten: () => void, stop: AbortSignal): Wishes {
  globalThis.addEventListener?.('storage', (event) => event.key === key && onWritten(), {
    signal: stop,
  })
  return {
    read: () =>
      withLocalStorage((storage) => {
        const wish: Wish | null = JSON.parse(storage.getItem(key) ?? 'null')
        return wish && wish.at > 0 ? wish : undefined
      }),
    write: (wish) =>
      withLocalStorage((storage) => {
        storage.removeItem(key) // Should there be no room, the one before must not be taken for the latest.
        storage.setItem(key, JSON.stringify(wish))
      }),
    clear: () => withLocalStorage((storage) => storage.removeItem(key)),
  }
}
