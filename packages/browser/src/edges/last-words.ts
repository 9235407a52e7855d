import type { LastWords } from '../core/last-words.ts'
import { withLocalStorage } from './local-storage.ts'

const UUID = /^[\da-f-]{36}$/

/**
 * Last words in `localStorage`, whose writes are synchronous. Where it can't be had (blocked, full, no origin) nothing
 * is kept.
 *
 * @param name the buffer's
 */
export function createLastWords(name: string): LastWords {
  const prefix = `${name}:`
  return {
    write: (id, text) =>
      !!withLocalStorage((storage) => {
        storage.setItem(prefix + id, text)
        return true
      }),
    read: () =>
      withLocalStorage((storage) =>
        Object.keys(storage)
          // The host page may have keys that begin in the same way, and so may a buffer of another name.
          .filter((key) => key.startsWith(prefix) && UUID.test(key.slice(prefix.length)))
          .map((key) => [key.slice(prefix.length), storage.getItem(key) ?? '']),
      ) ?? [],
    remove: (ids) =>
      withLocalStorage((storage) => {
        for (const id of ids) storage.removeItem(prefix + id)
      }),
  }
}
