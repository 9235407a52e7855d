import { assembleWaybill, type Browser } from '../src/assemble-waybill.ts'
import { defineAccumulator } from '../src/core/accumulator.ts'
import type { Session } from '../src/core/accumulators/session.ts'
import { standardAccumulators } from '../src/core/accumulators/standard.ts'
import type { Touches } from '../src/core/accumulators/touch.ts'
import type { Wish } from '../src/core/wish.ts'
import type { Living } from '../src/edges/lifecycle.ts'
import { createMemoryStore } from '../src/edges/memory-store.ts'
import type { WaybillOptions } from '../src/options.ts'
import { createMint, parseLine } from './operations.ts'
import { createClock, createDisk, createLock, createMemoryWords, readAll } from './parts.ts'

const count = defineAccumulator({ name: 'count', scope: 'page', initial: 0, fold: (value) => value + 1 })

/** A browser whose tabs share one store and the visitor's wishes. */
export function openBrowser(
  assumedConsent: Browser['assumedConsent'] = 'granted',
  { tellsAtOnce = true, tellsState = false } = {},
) {
  const clock = createClock()
  const memory = createMemoryStore()
  const lastWords = createMemoryWords()
  const lock = createLock()
  const mint = createMint(clock.now)
  const listeners: (() => void)[] = []
  const listening = new Set<() => void>()
  let untold: (() => void)[] = []
  const page = { url: 'https://shop.example/?gclid=1', referrer: 'https://ads.example/' }
  let wish: Wish | undefined

  const tellWishes = () => {
    const told = untold
    untold = []
    for (const hear of told) hear()
  }
  const openTab = (options: Partial<WaybillOptions> = {}, builtIn = standardAccumulators(options)) => {
    const disk = createDisk(memory)
    const living: Living[] = []
    let listener = () => {}
    let heard: (() => void) | undefined
    const tell = () => {
      untold.push(...listeners.filter((other) => other !== listener))
      if (tellsAtOnce) tellWishes()
    }
    const waybill = assembleWaybill(
      { endpoint: 'https://c.example', writeKey: 'wk', accumulators: [count], ...options },
      {
        ...clock,
        isPage: true,
        random: () => 0.5,
        mint,
        assumedConsent,
        openStore: () => disk,
        lastWords,
        openWishes(onWritten) {
          listener = onWritten
          listeners.push(listener)
          return {
            read: () => wish,
            write(written) {
              wish = written
              tell()
            },
            clear() {
              wish = undefined
              tell()
            },
          }
        },
        lock,
        send: async () => ({ status: 0, failure: 'offline' }),
        deferredCopy: { arm() {}, disarm() {} },
        pageContext: () => ({ page: { ...page, search: page.url.split(/(?=\?)/)[1] ?? '' } }),
        stateChannel: {
          announce() {
            if (tellsState) for (const other of listening) if (other !== heard) setTimeout(other)
          },
          listen(onAnnounced) {
            heard = onAnnounced
            listening.add(heard)
          },
          pause() {},
          resume() {},
          close() {},
        },
        observeLifecycle: (one) => living.push(one),
        createBackgroundSync: () => () => {},
      },
      builtIn,
    )
    return Object.assign(waybill, {
      disk,
      leave() {
        for (const one of living) one.leave()
      },
      maybeLeave() {
        for (const one of living) one.maybeLeave()
      },
      run() {
        for (const one of living) one.run()
      },
    })
  }
  const events = async () =>
    (await readAll({ store: memory, lastWords })).lines.map((text) => {
      const { event, streamId, seq, anonymousId, userId, timestamp, monotonic, context, span, state } = parseLine(text)
      return {
        event,
        streamId,
        seq,
        anonymousId,
        userId,
        timestamp,
        ...monotonic,
        context,
        span,
        ...(state as { count?: number; touch?: Touches; session?: Session }),
      }
    })
  return { ...clock, page, openTab, tellWishes, events }
}
