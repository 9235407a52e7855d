import { limits } from '@waybill/protocol'
import type { DeliveryError } from './core/records.ts'
import { assumeConsent } from './edges/assume-consent.ts'
import { delay } from './edges/delay.ts'
import { createIndexedDbStore } from './edges/indexed-db-store.ts'
import { createSender } from './edges/send.ts'
import { webLock } from './edges/web-lock.ts'
import { flushInBackground } from './flows/flush-in-background.ts'
import { createFlusher } from './flows/flushing.ts'
import type { WaybillOptions } from './options.ts'
import { version } from './version.ts'

/** The page's options, as far as they matter where there is no page. */
export type SendInBackgroundOptions = Pick<
  WaybillOptions,
  'endpoint' | 'writeKey' | 'token' | 'name' | 'requestTimeout' | 'gzip' | 'consent' | 'gpc'
>

/** https://wicg.github.io/background-sync/spec/#sync-event: TypeScript does not know it. */
interface SyncEvent extends Event {
  readonly tag: string
  waitUntil(done: Promise<unknown>): void
}

/**
 * Has the service worker in which it is called send what closed pages have left in the buffer, when the browser says that
 * there is a network (Background Sync, Chromium; elsewhere that never comes, and the next visit sends it). To be called
 * while the worker's script runs for the first time, with the options of the page, whose `backgroundSync` is true.
 *
 * It takes the same lock as the pages, cuts and presents as they do, and creates nothing. What a page could not stamp
 * any more while it was left stays for the next page: the worker does not know the page's accumulators, and does not see
 * `localStorage`, where events may lie that come first.
 */
export function sendInBackground(options: SendInBackgroundOptions): void {
  const { name = 'waybill' } = options
  globalThis.addEventListener('sync', (event) => {
    const sync = event as SyncEvent
    if (sync.tag === name) sync.waitUntil(sendAll(name, options))
  })
}

/** Rejects when not all is recorded: the browser fires the event again later, twice at most in Chromium. */
async function sendAll(name: string, options: SendInBackgroundOptions): Promise<void> {
  // Where no page has stored anything there is nothing to send. Every browser with Background Sync can tell.
  const databases = await indexedDB.databases()
  if (!databases.some((database) => database.name === name)) return
  let last: Pick<DeliveryError, 'code' | 'detail'> | undefined
  const store = createIndexedDbStore({ name, delay, mayCreate: () => false })
  const flusher = createFlusher({
    store,
    lock: webLock(name),
    delay,
    ...(options.token && { token: options.token }),
    tab: crypto.randomUUID(),
    now: () => Date.now(),
    random: Math.random,
    sdk: `@waybill/browser/${version}`,
    limits,
    send: createSender(options),
    deferredCopy: { arm() {}, disarm() {} }, // A worker has no `fetchLater`; it gets to read its answers.
    assumedConsent: () => assumeConsent(options),
    onRecorded() {},
    onError(error) {
      last = error
    },
  })
  const isDone = await flushInBackground(flusher, delay)
  const why = last ? `${last.code}, ${last.detail}` : 'it has to wait'
  if (!isDone) throw new Error(`waybill: not all is recorded yet: ${why}`)
}
