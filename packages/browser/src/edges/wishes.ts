import type { Wish, Wishes } from '../core/wish.ts'

/**
 * The visitor's wish in `localStorage`, whose writes are synchronous. Where there is none, the store alone knows.
 *
 * @param key of the item
 * @param onWritten another tab has written one
 */
export function createWishes(key: string, onWritten: () => void, stop: AbortSignal): Wishes {
  globalThis.addEventListener?.('storage', (event) => event.key === key && event.newValue && onWritten(), {
    signal: stop,
  })
  /** Reading the property may throw already. */
  const attempt = <Value>(use: (storage: Storage) => Value): Value | undefined => {
    try {
      return use(localStorage)
    } catch {
      return undefined
    }
  }
  return {
    read: () =>
      attempt((storage) => {
        const wish: Wish | null = JSON.parse(storage.getItem(key) ?? 'null')
        return wish && wish.at > 0 ? wish : undefined
      }),
    write: (wish) => attempt((storage) => storage.setItem(key, JSON.stringify(wish))),
    clear: () => attempt((storage) => storage.removeItem(key)),
  }
}
