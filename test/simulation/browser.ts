import { gzipSync } from 'node:zlib'
import type { Waybill } from '@waybill/browser'
import { assembleWaybill, type Browser } from '../../packages/browser/src/assemble-waybill.ts'
import { standardAccumulators } from '../../packages/browser/src/core/accumulators/standard.ts'
import { createMint } from '../../packages/browser/src/core/uuid.ts'
import { composeRequest } from '../../packages/browser/src/edges/compose-request.ts'
import { createIndexedDbStore } from '../../packages/browser/src/edges/indexed-db-store.ts'
import type { Living } from '../../packages/browser/src/edges/lifecycle.ts'
import { createSender } from '../../packages/browser/src/edges/send.ts'
import type { StateChannel } from '../../packages/browser/src/edges/state-channel.ts'
import type { WaybillOptions } from '../../packages/browser/src/options.ts'
import { accumulatorsOf } from './accumulators.ts'
import type { SimulatedDisk } from './indexed-db.ts'
import type { Network } from './network.ts'
import { type Release, storeOf } from './releases.ts'
import type { Life, Scheduler } from './scheduler.ts'

/** How a page is left: what the browser tells it, in the order in which it does. */
export type Leave = 'beforeunload' | 'pagehide' | 'hidden'

export interface Tab {
  life: Life
  waybill: Waybill
  /** Leaves for good. */
  leave: (how: Leave) => void
  /** Into the back/forward cache, and back. */
  hide: () => void
  show: () => void
  /** The process is killed. */
  crash: () => void
  freeze: () => void
  thaw: () => void
}

/** One browser profile: what is on its disk, and the tabs that run on it. */
export interface Profile {
  readonly tabs: Tab[]
  readonly storage: Map<string, string>
  /** How many ms the device's clock is ahead of the true time. */
  skew: number
  /** @param writeKey what the page was served with. Default: that of the options */
  openTab: (release?: Release, writeKey?: string) => Tab
  /** Everything that runs is killed at once. What `localStorage` was told in the last seconds may be lost. */
  kill: () => void
  /** A copy of all that is on the disk, and going back to it; nothing may run then. */
  copy: () => () => void
}

export interface ProfileOptions {
  scheduler: Scheduler
  disk: SimulatedDisk
  network: Network
  options: WaybillOptions
}

/** For so long `localStorage` may not be on the disk. In ms. */
export const STORAGE_DELAY = 5_000

export function createProfile({ scheduler, disk, network, options }: ProfileOptions): Profile {
  const { after, random } = scheduler
  const { name = 'waybill' } = options
  const wishKey = `${name}.consent`
  const prefix = `${name}:`
  const storage = new Map<string, string>()
  /** Undoes what was last written, the newest last. */
  let unsaved: { at: number; undo: () => void }[] = []
  const tabs: Tab[] = []
  const wishListeners = new Map<Life, () => void>()
  const stateListeners = new Map<Life, () => void>()
  /** Who holds the lock. */
  let holder: { life: Life } | undefined

  function set(key: string, value: string | undefined): void {
    const before = storage.get(key)
    const write = (text: string | undefined) => (text === undefined ? storage.delete(key) : storage.set(key, text))
    unsaved = unsaved.filter(({ at }) => at > scheduler.now() - STORAGE_DELAY)
    unsaved.push({ at: scheduler.now(), undo: () => write(before) })
    write(value)
  }

  function createChannel(life: Life): StateChannel {
    let listener: (() => void) | undefined
    const hear = () => {
      if (listener) stateListeners.set(life, listener)
    }
    return {
      announce() {
        for (const [other, tell] of stateListeners) if (other !== life) after(random() * 50, tell, other)
      },
      listen(onAnnounced) {
        listener = onAnnounced
        hear()
      },
      pause: () => stateListeners.delete(life),
      resume() {
        hear()
        listener?.()
      },
      close() {
        listener = undefined
        stateListeners.delete(life)
      },
    }
  }

  function openTab(release: Release = 'this', writeKey = options.writeKey): Tab {
    const life: Life = { state: 'running' }
    const began = scheduler.now()
    const now = () => Math.floor(scheduler.now()) + profile.skew
    const word = () => Math.floor(random() * 2 ** 32)
    const delay = (ms: number) => scheduler.delay(ms, life)
    const listeners: Living[] = []
    const requests = {
      fetch: (url: URL, init: RequestInit) => network.fetch(life, url, init),
      compress: async (bytes: Uint8Array<ArrayBuffer>) => new Uint8Array(gzipSync(bytes)),
      page: () => 'https://site.example/',
      delay,
    }
    let deferred: string | undefined

    const site = { ...options, writeKey, accumulators: accumulatorsOf(release) }
    const browser: Browser = {
      isPage: true,
      now,
      uptime: () => scheduler.now() - began,
      random,
      mint: createMint(now, () => Uint32Array.from([word(), word(), word()])),
      delay,
      assumedConsent: options.consent ?? 'granted',
      openStore: (mayCreate) =>
        storeOf(release, createIndexedDbStore({ name, delay, mayCreate, indexedDB: disk.connect(life) })),
      lastWords: {
        write(id, text) {
          set(prefix + id, text)
          return true
        },
        read: () =>
          [...storage].filter(([key]) => key.startsWith(prefix)).map(([key, text]) => [key.slice(prefix.length), text]),
        remove(ids) {
          for (const id of ids) set(prefix + id, undefined)
        },
      },
      openWishes(onWritten, stop) {
        wishListeners.set(life, onWritten)
        const tellOthers = () => {
          for (const [other, listener] of wishListeners) if (other !== life) after(random() * 50, listener, other)
        }
        stop.addEventListener('abort', () => wishListeners.delete(life))
        return {
          read() {
            const wish = JSON.parse(storage.get(wishKey) ?? 'null')
            return wish && wish.at > 0 ? wish : undefined
          },
          write(wish) {
            set(wishKey, JSON.stringify(wish))
            tellOthers()
          },
          clear() {
            set(wishKey, undefined)
            tellOthers()
          },
        }
      },
      lock: async (work, signal) => {
        await delay(random() * 5)
        if (holder) return null
        const own = { life }
        holder = own
        try {
          const released = new Promise<null>((resolve) => {
            signal.addEventListener('abort', () => resolve(null))
            if (signal.aborted) resolve(null)
          })
          return await Promise.race([work(), released])
        } finally {
          if (holder === own) holder = undefined
        }
      },
      send: createSender(site, requests, { inFlight: 0 }),
      deferredCopy: {
        arm(text) {
          deferred = text
        },
        disarm() {
          deferred = undefined
        },
      },
      pageContext: () => ({}),
      stateChannel: createChannel(life),
      observeLifecycle: (living) => listeners.push(living),
      createBackgroundSync: () => () => {},
    }
    const waybill = assembleWaybill(site, browser, standardAccumulators(site))

    const tell = (event: 'flushNow' | 'leave' | 'maybeLeave' | 'run') => {
      for (const listener of listeners) listener[event]()
    }
    function end(): void {
      life.state = 'gone'
      if (holder?.life === life) holder = undefined
      wishListeners.delete(life)
      stateListeners.delete(life)
      tabs.splice(tabs.indexOf(tab), 1)
      disk.kill(life)
    }
    /** What the browser itself sends when the page is gone. */
    async function sendDeferred(): Promise<void> {
      if (deferred === undefined) return
      const { url, init } = await composeRequest(deferred, site, requests)
      network.fetch(life, url, { ...init, keepalive: true }).catch(() => {})
    }

    const tab: Tab = {
      life,
      waybill,
      leave(how) {
        if (how === 'beforeunload') tell('maybeLeave')
        tell('flushNow')
        if (how !== 'hidden') tell('leave')
        sendDeferred()
        // What was handed to the browser in time goes on without the page.
        after(random() * 20, end)
      },
      hide() {
        tell('flushNow')
        tell('leave')
        life.state = 'frozen'
      },
      show() {
        scheduler.thaw(life)
        tell('run')
      },
      crash() {
        sendDeferred()
        end()
      },
      freeze() {
        tell('leave')
        life.state = 'frozen'
      },
      thaw() {
        scheduler.thaw(life)
        tell('run')
      },
    }
    tabs.push(tab)
    return tab
  }

  const profile: Profile = {
    tabs,
    storage,
    skew: 0,
    openTab,
    kill() {
      for (const tab of [...tabs]) tab.crash()
      // What was written last is lost first.
      const lost = unsaved.filter(({ at }) => at > scheduler.now() - STORAGE_DELAY)
      let left = Math.floor(random() * (lost.length + 1))
      for (const { undo } of lost.toReversed()) if (left-- > 0) undo()
      unsaved = []
    },
    copy() {
      const [stored, said] = [disk.copy(), [...storage]]
      return () => {
        disk.restore(stored)
        storage.clear()
        for (const [key, text] of said) storage.set(key, text)
        unsaved = []
      }
    },
  }
  return profile
}
