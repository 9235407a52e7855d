import { limits } from '@waybill/protocol'
import { session } from './core/accumulators/session.ts'
import { visitor } from './core/accumulators/visitor.ts'
import type { DropReason } from './core/drop-reason.ts'
import type { Operation } from './core/operation.ts'
import { toStats } from './core/stats.ts'
import { type EventCall, toEventOperation, toObject } from './core/to-operation.ts'
import { uuid } from './core/uuid.ts'
import { createEmitter } from './edges/emitter.ts'
import { createIndexedDbStore } from './edges/indexed-db-store.ts'
import { observeLifecycle } from './edges/lifecycle.ts'
import { createMemoryStore } from './edges/memory-store.ts'
import { createPageContext } from './edges/page.ts'
import { createSender } from './edges/send.ts'
import { webLock } from './edges/web-lock.ts'
import { createBuffer } from './flows/buffer.ts'
import { createFallbackStore } from './flows/fallback-store.ts'
import { flushBuffer } from './flows/flush-buffer.ts'
import type { TrackResult } from './flows/stamping.ts'
import type { WaybillOptions } from './options.ts'
import { version } from './version.ts'
import type { EventMap, Waybill, WaybillEvents } from './waybill.ts'

const library = { name: '@waybill/browser', version }

const now = (): number => Date.now()
let minted = 0
const mint = (): string => uuid(now(), minted++, crypto.getRandomValues(new Uint32Array(3)))
/** A longer timer than 2^31 - 1 ms would fire at once. */
const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 0x7fffffff)))

/**
 * Starts a Waybill on this page; what earlier pages left behind is sent, too. Where there is no browser (a server
 * that renders the page) every call is dropped for `no_browser`.
 */
export function createWaybill<Events extends EventMap = EventMap>(options: WaybillOptions): Waybill<Events> {
  const { name = 'waybill' } = options
  const { emit, on } = createEmitter<WaybillEvents>()
  const boot = mint()
  let ended: DropReason | undefined = typeof location === 'undefined' ? 'no_browser' : undefined

  const onError = (error: WaybillEvents['error']) => emit('error', error)
  const useMemory = (error: unknown) => {
    onError({ code: 'storage', detail: String(error) })
    return createMemoryStore()
  }
  const store = ended ? createMemoryStore() : createFallbackStore(createIndexedDbStore(name, delay), useMemory)
  const buffer = createBuffer({
    ...options,
    store,
    lock: webLock(name),
    accumulators: [session(options), visitor],
    now,
    random: Math.random,
    mint,
    delay,
    sdk: `${library.name}/${version}`,
    limits,
    send: createSender(options),
    onStored: (events) => emit('stored', { events }),
    onRecorded(batch) {
      emit('recorded', batch)
      for (const rejection of batch.rejected) emit('rejected', rejection)
    },
    onError,
  })
  const pageContext = createPageContext()
  const stopObserving = observeLifecycle(buffer)

  /** The app's objects may have getters that throw, and the page may lack what we call: neither is the page's trouble. */
  const call = async (toOperation: () => Operation | DropReason): Promise<TrackResult> => {
    let operation: Operation | DropReason
    try {
      operation = ended ?? toOperation()
    } catch {
      operation = 'internal'
    }
    const result = await buffer.submit(operation)
    if (result.status === 'dropped') emit('dropped', result)
    return result
  }
  const callEvent = (eventName: unknown, event: EventCall) =>
    call(() => {
      const monotonic = { boot, ms: Math.round(performance.now()) }
      return toEventOperation(eventName, event, now(), { monotonic, context: { ...pageContext(), library } })
    })

  return {
    track: (event, properties) => callEvent(event, { type: 'track', event, properties }),
    page: (pageName, properties) =>
      callEvent(pageName ?? 'page', { type: 'page', name: pageName ?? undefined, properties }),
    identify: (userId, traits) => callEvent(userId, { type: 'identify', userId, traits }),
    group: (groupId, traits) => callEvent(groupId, { type: 'group', groupId, traits }),
    register: (added) =>
      call(() => {
        const properties = toObject(added)
        return typeof properties === 'object' ? { kind: 'register', properties } : properties
      }),
    unregister: (...names) => call(() => ({ kind: 'unregister', names: names.map(String) })),
    reset: () => call(() => ({ kind: 'reset' })),

    flush: (options) => flushBuffer(buffer, options?.timeout ?? 10_000, delay),
    stats: async () => toStats(store.mode, now(), await buffer.read()),
    on,

    close() {
      ended = 'closed'
      stopObserving()
      return buffer.close()
    },
  }
}
