import { limits } from '@waybill/protocol'
import type { Accumulator } from './core/accumulator.ts'
import { collectAccumulators } from './core/collect-accumulators.ts'
import type { Consent } from './core/consent.ts'
import type { DropReason } from './core/drop-reason.ts'
import type { LastWords } from './core/last-words.ts'
import type { Lock } from './core/lock.ts'
import { createPartingClock } from './core/parting-clock.ts'
import { emptyDelivery, type StreamState } from './core/records.ts'
import type { DeferredCopy, Send } from './core/send.ts'
import { type State, toState } from './core/state.ts'
import { type Holdings, toStats } from './core/stats.ts'
import type { Store } from './core/store.ts'
import { toObject } from './core/to-operation.ts'
import type { Wishes } from './core/wish.ts'
import { createEmitter } from './edges/emitter.ts'
import type { Living, observeLifecycle } from './edges/lifecycle.ts'
import { createMemoryStore } from './edges/memory-store.ts'
import type { createPageContext } from './edges/page.ts'
import type { StateChannel } from './edges/state-channel.ts'
import type { Buffer } from './flows/buffer.ts'
import { createBuffers } from './flows/buffers.ts'
import { type Calls, createCalls } from './flows/calls.ts'
import { type ConsentGate, createConsentGate } from './flows/consent-gate.ts'
import { flushBuffers } from './flows/flush-buffers.ts'
import { createPageScope } from './flows/page-scope.ts'
import { watchPerson } from './flows/person.ts'
import { createRetryingStore } from './flows/retrying-store.ts'
import { createSpanKeeper, type SpanKeeper } from './flows/spans.ts'
import { createStateFeed } from './flows/state-feed.ts'
import type { WaybillOptions } from './options.ts'
import { version } from './version.ts'
import type { EventMap, TrackOptions, Waybill, WaybillEvents } from './waybill.ts'

const library = { name: '@waybill/browser', version }

/** What a browser lends a page. */
export interface Browser {
  /** False where a server renders the page. */
  isPage: boolean
  /** ms since 1970. */
  now: () => number
  /** ms since the page began. */
  uptime: () => number
  /** From 0 to 1. */
  random: () => number
  /** A new version 7 UUID. */
  mint: () => string
  delay: (ms: number) => Promise<void>
  /** What holds until the visitor's decision is known. */
  assumedConsent: Consent
  openStore: (mayCreate: () => boolean) => Store
  lastWords: LastWords
  openWishes: (onWritten: () => void, stop: AbortSignal) => Wishes
  lock: Lock
  send: Send
  deferredCopy: DeferredCopy
  pageContext: ReturnType<typeof createPageContext>
  stateChannel: StateChannel
  observeLifecycle: typeof observeLifecycle
  /** Returns what asks the browser to wake the site's service worker. */
  createBackgroundSync: (may: () => boolean) => () => void
}

/** Starts a Waybill in such a browser: everything but the edges, so that a simulated browser runs the same. */
export function assembleWaybill<
  Events extends EventMap<Events> = EventMap,
  Accumulators extends readonly Accumulator[] = readonly Accumulator[],
>(
  options: WaybillOptions<Accumulators>,
  browser: Browser,
  builtIn: readonly Accumulator[],
): Waybill<Events, Accumulators> {
  const { mint, delay, assumedConsent: assumed, observeLifecycle, stateChannel } = browser
  const { now, part } = createPartingClock(browser.now, browser.uptime)
  const { emit, on } = createEmitter<WaybillEvents>()
  const tab = mint()
  const stop = new AbortController()
  let ended: DropReason | undefined = browser.isPage ? undefined : 'no_browser'

  /** Of accumulators: what goes wrong at every event is told once, or a listener that tracks would never end. */
  const told = new Set<string>()
  const onError = (error: WaybillEvents['error']) => {
    if (error.code === 'accumulator' || error.code === 'state_too_large') {
      const [name] = error.detail.split(': ')
      if (told.has(error.code + name)) return
      told.add(error.code + name)
    }
    emit('error', error)
  }
  const { accumulators, faults } = collectAccumulators(builtIn, options.accumulators)
  // The app can listen as soon as it has its Waybill.
  const tellFaults = () => {
    for (const fault of faults) emit('error', fault)
  }
  if (faults.length > 0) delay(0).then(tellFaults)
  const inPage = createPageScope(
    accumulators.filter(({ scope }) => scope === 'page'),
    { stop: stop.signal, onFault: onError },
  )
  const boots = new Map<string, string>()
  const buffers = createBuffers({
    ...options,
    ...browser,
    now,
    boots,
    store: ended ? createMemoryStore() : createRetryingStore(browser.openStore(() => gate.mayStore())),
    createMemoryStore,
    tab,
    accumulators: accumulators.filter(({ scope }) => scope !== 'page'),
    sdk: `${library.name}/${version}`,
    limits,
    assumedConsent: () => assumed,
    consent: () => gate.current(),
    owes: (wishedAt) => gate.owes(wishedAt),
    onOwed: (waiting) => gate.hold(waiting),
    holdsSpan: (id) => spans.holds(id),
    onConsent(waiting, consent) {
      gate.learn(waiting, consent)
      calls.heed()
    },
    onLost: (lost) => emit('dropped', lost),
    onStored: (events) => emit('stored', { events }),
    onWritten() {
      const stream = buffers.current()[0].stream()
      person.meet(stream)
      feed.written(stream)
      if (gate.current() === 'granted') stateChannel.announce()
    },
    onRecorded(batch) {
      emit('recorded', batch)
      for (const rejection of batch.rejected) emit('rejected', rejection)
    },
    onShed: (shed) => emit('shed', shed),
    onError,
  })
  const wishes = browser.openWishes(() => {
    const looked = gate.look()
    if (wishes.read()?.forget) person.begin(looked)
    looked.then(calls.heed).then(feed.look)
  }, stop.signal)
  const gate: ConsentGate = createConsentGate({
    buffers,
    wishes,
    now,
    delay,
    assumed,
    onError,
  })
  const person = watchPerson({
    ...browser,
    tab,
    boots,
    stream: () => buffers.current()[0].stream(),
    isParting: () => buffers.current()[0].isParting(),
    onBoot: inPage.reset,
    onBegin(wasSomebody, isFound) {
      if (wasSomebody) calls.forgetArrival()
      spans.close(isFound)
    },
    onStored: () => feed.look(),
  })
  const readStream = async () => {
    const [buffer] = buffers.current()
    try {
      const { stream } = (await buffer.read()).state ?? {}
      buffer.know(stream)
      person.meet(stream)
      return stream
    } catch {
      return buffer.stream()
    }
  }
  /** What the page has accumulated is never told with what the person before has. */
  const tell = (stream: StreamState | undefined) =>
    toState(person.isFormer(stream) ? undefined : stream, inPage.values())
  const feed = createStateFeed({
    read: readStream,
    toState: tell,
    listen: ended ? () => {} : stateChannel.listen,
  })
  if (options.beforeSend && !ended) feed.follow()

  const calls: Calls = createCalls({
    ...options,
    ...browser,
    submit: (operation) => gate.submit(operation),
    consent: () => gate.current(),
    person,
    inPage,
    now,
    library,
    latest: () => tell(feed.latest()),
    ended: () => ended,
    onDropped: (dropped) => emit('dropped', dropped),
    onError,
  })
  const { call, callEvent } = calls
  const spans: SpanKeeper = createSpanKeeper({
    ...options,
    ...browser,
    ...calls,
    submit: calls.callOwn,
    drain: () => buffers.current()[0].drain(),
    monotonic: person.monotonic,
    mayStore: () => gate.current() === 'granted',
  })
  const living: Living = {
    flushNow() {
      spans.tick()
      buffers.flushNow()
    },
    // Before anything else is left behind, to be left behind with it.
    leave() {
      spans.leave()
      gate.leave()
      person.leave()
    },
    maybeLeave() {
      spans.tick()
      buffers.maybeLeave()
      // If it stays: another page may stamp what this one has left behind, for whomever it finds.
      person.leave()
      delay(0).then(person.run)
    },
    run(online) {
      person.run()
      gate.run(online)
      spans.tick()
    },
  }
  observeLifecycle(living, stop.signal)
  observeLifecycle({ flushNow() {}, leave: stateChannel.pause, maybeLeave() {}, run: stateChannel.resume }, stop.signal)
  if (options.backgroundSync) {
    const wakeWorker = browser.createBackgroundSync(() => gate.current() === 'granted')
    // At the first sign of an outage, while there is time for it. When the page may be going as well, and unasked whether
    // anything waits: to look takes longer than the page may have, and a worker that finds nothing ends at once. After
    // the buffers, so that the lock is the page's while it is there.
    on('error', wakeWorker)
    observeLifecycle({ flushNow: wakeWorker, leave() {}, maybeLeave: wakeWorker, run() {} }, stop.signal)
  }
  if (!ended) gate.run()

  return {
    track: (event, ...[properties, options]: [properties?: object, options?: TrackOptions]) =>
      callEvent(event, { type: 'track', event, properties }, options),
    start: (event, properties) => spans.start(event, properties),
    page: (pageName, properties) =>
      callEvent(pageName ?? 'page', { type: 'page', name: pageName ?? undefined, properties }),
    identify: (userId, traits) => callEvent(userId, { type: 'identify', userId, traits }),
    group: (groupId, traits) => callEvent(groupId, { type: 'group', groupId, traits }),
    register: (added) =>
      call(() => {
        const properties = toObject(added)
        return typeof properties === 'object' ? { kind: 'register', at: now(), properties } : properties
      }),
    unregister: (...names) => call(() => ({ kind: 'unregister', at: now(), names: names.map(String) })),
    reset() {
      const done = call(() => ({ kind: 'reset', at: now() }))
      person.begin(done)
      return done
    },

    async flush(options) {
      if (gate.current() !== 'granted') await gate.look()
      const consent = gate.current()
      if (consent !== 'granted') return { recorded: false, pending: gate.held(), reason: `consent_${consent}` }
      return flushBuffers(buffers, options?.timeout ?? 10_000, delay)
    },
    async stats() {
      const nothing: Holdings = { delivery: emptyDelivery, pending: 0 }
      const read = (buffer: Buffer) => buffer.read().catch(() => nothing)
      const [first, ...others] = buffers.current()
      const holdings = [await read(first), ...(await Promise.all(others.map(read)))] as const
      // The store may not have been told of a denial yet.
      const known = gate.current()
      const consent = known === 'denied' ? known : (holdings[0].state?.consent ?? known)
      const refused = [first, ...others].reduce((sum, buffer) => sum + buffer.refused(), 0)
      return toStats(holdings, { storage: first.mode, consent, held: gate.held(), refused, tab, now: now() })
    },
    state: async () => tell(await readStream()) as State<Accumulators>,
    subscribe: (listener) => feed.subscribe(listener),
    on,
    consent(decision) {
      if (decision === 'denied') part()
      const done = gate.decide(decision)
      if (decision === 'denied') person.begin(done)
      calls.heed()
      return done
    },
    forget() {
      part()
      let tell = () => {}
      // Before anything is forgotten: the page may be left at any moment.
      person.begin(
        new Promise<void>((resolve) => {
          tell = resolve
        }),
      )
      return gate.forget().finally(tell)
    },

    close() {
      spans.leave()
      spans.close()
      ended = 'closed'
      stop.abort()
      feed.close()
      stateChannel.close()
      buffers.halt()
      return buffers.settled()
    },
  }
}
