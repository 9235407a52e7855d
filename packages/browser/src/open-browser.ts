import type { Browser } from './assemble-waybill.ts'
import { createMint } from './core/uuid.ts'
import { assumeConsent } from './edges/assume-consent.ts'
import { createBackgroundSync } from './edges/background-sync.ts'
import { createDeferredCopy } from './edges/deferred-copy.ts'
import { delay } from './edges/delay.ts'
import { createIndexedDbStore } from './edges/indexed-db-store.ts'
import { createLastWords } from './edges/last-words.ts'
import { observeLifecycle } from './edges/lifecycle.ts'
import { createPageContext } from './edges/page.ts'
import { createSender } from './edges/send.ts'
import { createStateChannel } from './edges/state-channel.ts'
import { webLock } from './edges/web-lock.ts'
import { createWishes } from './edges/wishes.ts'
import type { WaybillOptions } from './options.ts'

const mint = createMint(Date.now, () => crypto.getRandomValues(new Uint32Array(3)))

/** The browser that runs this page; where there is none, a server that renders it for instance, every part stands still. */
export function openBrowser(options: WaybillOptions): Browser {
  const { name = 'waybill' } = options
  return {
    isPage: typeof location !== 'undefined',
    now: Date.now,
    uptime: () => performance.now(),
    random: Math.random,
    mint,
    delay,
    assumedConsent: assumeConsent(options),
    openStore: (mayCreate) => createIndexedDbStore({ name, delay, mayCreate }),
    lastWords: createLastWords(name),
    openWishes: (onWritten, stop) => createWishes(`${name}.consent`, onWritten, stop),
    lock: webLock(name),
    send: createSender(options),
    deferredCopy: createDeferredCopy(options),
    pageContext: createPageContext(),
    stateChannel: createStateChannel(`${name}.state`),
    observeLifecycle,
    createBackgroundSync: (may) => createBackgroundSync(name, may),
  }
}
