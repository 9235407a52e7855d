import { setTimeout as sleep } from 'node:timers/promises'
import type { SendInBackgroundOptions } from '@waybill/browser/service-worker'
import type { Page } from 'playwright'
import type { Browser } from './browser.ts'
import type { Site } from './site.ts'

/** https://wicg.github.io/background-sync/spec/#sync-manager-interface */
type SyncRegistration = ServiceWorkerRegistration & {
  sync: { register(tag: string): Promise<void>; getTags(): Promise<string[]> }
}

/** Installs the site's service worker from a page of the site. Resolves when it is active. */
export const installWorker = (page: Page, site: Site, options: SendInBackgroundOptions): Promise<void> =>
  page.evaluate(async (script) => {
    await navigator.serviceWorker.register(script)
    await navigator.serviceWorker.ready
  }, site.workerScript(options))

/** The tags that the browser still has to fire, as it tells a page of the site. */
export const syncTags = (page: Page): Promise<string[]> =>
  page.evaluate(async () => ((await navigator.serviceWorker.ready) as SyncRegistration).sync.getTags())

/** Asks the browser for a sync, as the SDK's pages do. */
export const registerSync = (page: Page, tag: string): Promise<void> =>
  page.evaluate(async (tag) => ((await navigator.serviceWorker.ready) as SyncRegistration).sync.register(tag), tag)

/** From now on: resolves, in an object of its own, when the worker has so many times found the lock of this name taken. */
export async function watchLock(page: Page, name: string, times: number): Promise<{ taken: Promise<void> }> {
  const watched = await page.evaluateHandle(
    ([name, times]) => {
      const taken = new Promise<void>((resolve) => {
        let count = 0
        new BroadcastChannel('asked-for-lock').onmessage = ({ data }) => {
          if (data.name === name && !data.free && ++count === times) resolve()
        }
      })
      return { taken }
    },
    [name, times] as const,
  )
  return { taken: watched.evaluate(({ taken }) => taken) }
}

/** What the browser says of its own background syncs. */
export interface SyncLog {
  /** `Registered sync`, `Dispatched sync event`, `Sync completed`, `sync event failed`: of one tag, as they came. */
  of(tag: string): string[]
  until(tag: string, name: string): Promise<void>
  /** Fires the event now, instead of the minutes later at which the browser would. */
  dispatch(origin: string, tag: string): Promise<void>
}

const PATIENCE = 60_000

/** Looks on from a blank page, which is of no site and keeps none open. */
export async function watchSyncs(browser: Browser): Promise<SyncLog> {
  const blank = await browser.newPage()
  const session = await blank.context().newCDPSession(blank)
  const events: { tag: string; name: string }[] = []
  let registrationId: string | undefined
  session.on('BackgroundService.backgroundServiceEventReceived', ({ backgroundServiceEvent }) => {
    const { instanceId, eventName } = backgroundServiceEvent
    events.push({ tag: instanceId, name: eventName })
  })
  session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    registrationId = registrations.find(({ isDeleted }) => !isDeleted)?.registrationId ?? registrationId
  })
  await session.send('BackgroundService.setRecording', { shouldRecord: true, service: 'backgroundSync' })
  await session.send('BackgroundService.startObserving', { service: 'backgroundSync' })
  await session.send('ServiceWorker.enable')

  const of = (wanted: string) => events.filter(({ tag }) => tag === wanted).map(({ name }) => name)

  return {
    of,
    async until(tag, name) {
      const deadline = Date.now() + PATIENCE
      while (!of(tag).includes(name)) {
        if (Date.now() > deadline) throw new Error(`No "${name}" came, only: ${of(tag).join(', ')}`)
        await sleep(20)
      }
    },
    async dispatch(origin, tag) {
      if (registrationId === undefined) throw new Error('No service worker is installed')
      await session.send('ServiceWorker.dispatchSyncEvent', { origin, registrationId, tag, lastChance: false })
    },
  }
}
