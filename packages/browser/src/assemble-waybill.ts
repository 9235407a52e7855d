import { type JsonObject, limits } from '@waybill/protocol'
import type { Accumulator } from './core/accumulator.ts'
import { review } from './core/before-send.ts'
import { collectAccumulators } from './core/collect-accumulators.ts'
import type { Consent } from './core/consent.ts'
import { describe } from './core/describe.ts'
import type { DropReason } from './core/drop-reason.ts'
import type { LastWords } from './core/last-words.ts'
import type { Lock } from './core/lock.ts'
import type { EventOperation, Operation } from './core/operation.ts'
import { emptyDelivery, type StreamState } from './core/records.ts'
import type { DeferredCopy, Send } from './core/send.ts'
import { type State, toState } from './core/state.ts'
import { type Holdings, toStats } from './core/stats.ts'
import type { Store } from './core/store.ts'
import { type EventCall, toEventOperation, toObject } from './core/to-operation.ts'
import type { Wishes } from './core/wish.ts'
import { withoutArrival } from './core/without-arrival.ts'
import { createEmitter } from './edges/emitter.ts'
import type { Living, observeLifecycle } from './edges/lifecycle.ts'
import { createMemoryStore } from './edges/memory-store.ts'
import type { createPageContext } from './edges/page.ts'
import type { StateChannel } from './edges/state-channel.ts'
import type { Buffer } from './flows/buffer.ts'
import { createBuffers } from './flows/buffers.ts'
import { type ConsentGate, createConsentGate } from './flows/consent-gate.ts'
import { flushBuffers } from './flows/flush-buffers.ts'
import { createPageScope } from './flows/page-scope.ts'
import { watchPerson } from './flows/person.ts'
import { createRetryingStore } from './flows/retrying-store.ts'
import { createSpanKeeper, type SpanKeeper } from './flows/spans.ts'
import type { TrackResult } from './flows/stamping.ts'
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
  /** A device's clock may stand before 1970. Nothing that is stored does, and time must not stand still. */
  const clock = () => Math.max(browser.now(), Math.floor(browser.uptime()))
  /** When the clock said so at the last `forget()` or denial, and since when what comes after it is stamped. */
  let forgottenAt = 0
  let stampedSince = 0
  /** What is to be forgotten is told by its time alone: what comes in the same ms after it is moved to the next. */
  const now = () => {
    const at = clock()
    return at < forgottenAt ? at : Math.max(at, stampedSince)
  }
  const passOn = () => {
    stampedSince = now() + 1
    forgottenAt = clock()
  }
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
  const buffers = createBuffers({
    ...options,
    ...browser,
    now,
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
      heed()
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
    looked.then(heed).then(feed.look)
  }, stop.signal)
  const gate: ConsentGate = createConsentGate({
    buffers,
    wishes,
    now,
    delay,
    assumed,
    onError,
  })
  let wasDenied = gate.current() === 'denied'
  /** Of the page when the person before was here last. */
  let formerContext: JsonObject | undefined
  const person = watchPerson({
    ...browser,
    tab,
    stream: () => buffers.current()[0].stream(),
    onBoot: inPage.reset,
    onBegin(wasSomebody, isFound) {
      if (wasSomebody) formerContext = browser.pageContext()
      spans.close(isFound)
    },
    onStored: () => feed.look(),
  })
  /** Another tab may have got a denial. */
  const heed = () => {
    const isDenied = gate.current() === 'denied'
    if (isDenied && !wasDenied) person.begin()
    wasDenied = isDenied
  }
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

  /** The app's objects may have getters that throw, and the page may lack what we call: neither is the page's trouble. */
  const call = async (toOperation: () => Operation | DropReason): Promise<TrackResult> => {
    let operation: Operation | DropReason
    heed()
    try {
      // Before the app's own code runs, which may call `reset()`: it is the call of whoever was there.
      const signature = wasDenied ? {} : person.sign()
      const made = ended ?? toOperation()
      operation = typeof made === 'string' ? made : { ...made, ...signature }
    } catch {
      operation = 'internal'
    }
    const boot = person.boot()
    const result = await gate.submit(operation)
    if (result.status === 'dropped') {
      // What was dropped later than at once is among what the page has accumulated.
      const isOver = result.reason === 'consent_denied' || result.reason === 'forgotten'
      if (isOver && boot === person.boot()) person.begin()
      emit('dropped', result)
    }
    return result
  }
  /** To the app. */
  const show = (operation: EventOperation): EventOperation | DropReason => {
    const { beforeSend } = options
    if (!beforeSend) return operation
    try {
      const state = tell(feed.latest()) as State<Accumulators>
      return review(operation, (event) => beforeSend(event, state))
    } catch (error) {
      onError({ code: 'before_send', detail: describe(error) })
      return 'before_send'
    }
  }
  /** @param folds whether it is an event by itself, and no part of one to come */
  const prepare = (made: EventOperation | DropReason, folds: boolean): EventOperation | DropReason => {
    const shown = typeof made === 'string' ? made : show(made)
    // After a denial it is as good as dropped.
    return typeof shown === 'string' || !folds || wasDenied ? shown : inPage.fold(shown)
  }
  const context = () => ({ ...withoutArrival(browser.pageContext(), formerContext), library })
  const spans: SpanKeeper = createSpanKeeper({
    ...options,
    ...browser,
    call,
    submit: (operation) => gate.submit(wasDenied ? operation : { ...operation, ...person.sign() }),
    drain: () => buffers.current()[0].drain(),
    prepare,
    monotonic: person.monotonic,
    context,
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

  const callEvent = (eventName: unknown, event: EventCall, trackOptions?: TrackOptions) =>
    call(() => {
      const { priority, set: added } = Object(trackOptions) as TrackOptions
      const set = added === undefined ? undefined : toObject(added)
      if (typeof set === 'string') return set
      const made = toEventOperation(eventName, { ...event, priority }, now(), {
        monotonic: person.monotonic(browser.uptime()),
        context: context(),
      })
      return prepare(typeof made === 'string' || !set ? made : { ...made, set }, true)
    })

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
      if (decision === 'denied') passOn()
      const done = gate.decide(decision)
      if (decision === 'denied') person.begin(done)
      heed()
      return done
    },
    forget() {
      passOn()
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
