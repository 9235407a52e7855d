import type { CDPSession, Page } from 'playwright'

export const debuggerOf = (page: Page): Promise<CDPSession> => page.context().newCDPSession(page)

/**
 * Lets an origin store so many bytes; without a number, as many as before. Set it before the origin's first write:
 * Chromium asks for the room that is left only when what it knows of is used up.
 */
export async function limitStorage(page: Page, origin: string, quotaSize?: number): Promise<void> {
  const session = await debuggerOf(page)
  await session.send('Storage.overrideQuotaForOrigin', quotaSize === undefined ? { origin } : { origin, quotaSize })
}

/** Takes everything that an origin has stored away, in the middle of its pages' lives, as a visitor may. */
export async function clearSiteData(page: Page, origin: string): Promise<void> {
  const session = await debuggerOf(page)
  await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' })
}

/** A page whose databases do not open before it calls `openDatabases`: neither a success nor a failure is told. */
export const hangDatabases = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    const open = IDBFactory.prototype.open
    const hanging: (() => Promise<void>)[] = []
    window.openDatabases = async () => {
      IDBFactory.prototype.open = open
      await Promise.all(hanging.map((release) => release()))
    }
    IDBFactory.prototype.open = function (...args) {
      const events = ['onsuccess', 'onerror', 'onblocked', 'onupgradeneeded'] as const
      let real: IDBOpenDBRequest | undefined
      const request = {
        get result() {
          return real?.result
        },
        get error() {
          return real?.error
        },
        get transaction() {
          return real?.transaction
        },
      } as IDBOpenDBRequest
      hanging.push(
        () =>
          new Promise((resolve) => {
            real = open.apply(this, args)
            for (const type of events)
              real.addEventListener(type.slice(2), (event) => request[type]?.call(request, event as never))
            real.addEventListener('success', () => resolve())
          }),
      )
      return request
    }
  })

declare global {
  interface Window {
    /** Resolves once they are open. */
    openDatabases: () => Promise<void>
  }
}

export const withoutIndexedDb = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    Object.defineProperty(window, 'indexedDB', { value: undefined })
  })

export const withoutWebLocks = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })
  })
