import { createProfile, STORAGE_DELAY, type Tab } from './browser.ts'
import { createFleet } from './collectors.ts'
import type { Fault, SimulatedDestination } from './destination.ts'
import type { Action, Archive, History, WriteKeys } from './history.ts'
import { createSimulatedDisk } from './indexed-db.ts'
import { createNetwork, FAIR } from './network.ts'
import { createOracle, type Holding, type Violation } from './oracle.ts'
import type { Release } from './releases.ts'
import { createRogue } from './rogue.ts'
import { createScheduler, type Life } from './scheduler.ts'
import { seededRandom } from './seeded-random.ts'
import { simulatedR2, simulatedWebhook } from './sinks.ts'
import { createSpanWatch } from './span-watch.ts'

/** What became of one history. */
export interface Run {
  violations: Violation[]
  /** What happened, one line each. */
  timeline: string[]
  events: number
  /** How many faults of each kind were injected. */
  faults: Map<string, number>
}

const START = Date.parse('2026-11-22T10:00:00.000Z')
const NAME = 'waybill'
const ORIGIN = 'https://site.example'
const MINUTE = 60_000
/** With the faults over, all must be recorded within this. */
const PATIENCE = 6 * 60 * MINUTE

/** So often no batch is presented that will be recorded one day. */
const ENOUGH = 1_000

/** For so long another tab may not have heard of a wish that is being carried out. In ms. */
const HEARSAY = 1_000
/** For so long after the store can be used again: half a minute until it is tried, and some tries more. In ms. */
const RETRY = 60_000

/** For so long the SDK waits for a store to open. In ms. */
const OPEN_TIMEOUT = 3_000

/** A tab, and what the oracle has to know of it. */
interface Page {
  number: number
  tab: Tab
  /** Its store has opened, and nothing was in its way since. */
  open: boolean
  /** It was asked to empty the buffer. */
  isForgetting: boolean
}

/** Lets a history happen to the real SDK and the real collector, and finds what did not hold. */
export async function runHistory({ seed, setup, steps }: History): Promise<Run> {
  const scheduler = createScheduler(START, seededRandom(seed))
  const oracle = createOracle()
  const spans = createSpanWatch()
  /** How often what came before was excused. */
  let excuses = 0
  const { excuse, allowForks, allowRepeats } = oracle
  oracle.excuse = (reason) => {
    excuses++
    spans.excuse()
    excuse(reason)
  }
  for (const [name, own] of Object.entries({ allowForks, allowRepeats })) {
    oracle[name as 'allowForks'] = () => {
      spans.allowRepeats()
      own()
    }
  }
  const timeline: string[] = []
  const faults = new Map<string, number>()
  const say = (text: string) => timeline.push(`${(scheduler.now() - START).toFixed(1).padStart(12)} ms  ${text}`)
  const inject = (kind: string) => faults.set(kind, (faults.get(kind) ?? 0) + 1)

  const disk = createSimulatedDisk({ scheduler })
  const [bucket, webhook] = [simulatedR2({ scheduler }), simulatedWebhook({ scheduler })]
  webhook.faults.lags = setup.lagging ? 1 : 0
  /** The third sink has moved so often; the last of these is where it is now. */
  const archives = [simulatedR2({ scheduler, name: 'archive' })]
  const destinations = () => [bucket, webhook, ...archives]
  const archiveNow = () => archives.at(-1) as SimulatedDestination
  let role: Archive = 'none'
  const sinksNow = () => [
    { destination: bucket, required: true },
    { destination: webhook, required: true },
    ...(role === 'none'
      ? []
      : [
          {
            destination: archiveNow(),
            name: 'archive',
            generation: `archive ${archives.length}`,
            required: role === 'required',
          },
        ]),
  ]
  let keys: WriteKeys = [1]
  const fleet = createFleet({
    scheduler,
    origins: [ORIGIN],
    instances: setup.collectors,
    sinks: sinksNow(),
    keys: keys.map(toWriteKey),
    receiptKeys: toReceiptKeys([1]),
    cache: setup.cache,
    log({ code, detail }) {
      if (code === 'internal_error') oracle.violate('G9', `a collector failed: ${detail}`)
    },
  })
  /** Under way: whose, of which stream, and whether its page ran all the while. */
  const underWay = new Set<{ life: Life; streamId: string; ran: boolean; batchId: string }>()
  /** Who presented each batch last. */
  const latestOf = new Map<string, object>()
  const recorded = new Set<string>()
  /** How often each batch was. */
  const presented = new Map<string, number>()
  /** They stood still, or were told to go: what they had begun goes on beside whoever presents after them. */
  const interrupted = new Set<Life>()
  /** When the visitor's last denial was carried out. */
  let deniedAt: number | undefined
  let everGranted = setup.consent === 'granted'

  const network = createNetwork({
    scheduler,
    onFault: inject,
    server: (request, answer) =>
      fleet.fetch(request, (answered) => {
        if (answered.status === 200) {
          const { required, body } = answered
          const result = JSON.parse(new TextDecoder().decode(body))
          recorded.add(result.batchId)
          oracle.answered(
            request,
            result,
            holdings().filter(({ sink }) => required.includes(sink)),
          )
        }
        answer(answered)
      }),
  })
  const present = network.fetch
  network.fetch = (life, url, init) => {
    // All that is to be known is known.
    if (oracle.violations.length > 0) return new Promise(() => {})
    if (init.signal?.aborted) return Promise.reject(new DOMException('aborted', 'AbortError'))
    const request = { url: url.href, method: 'POST' as const, headers: {}, body: init.body as Uint8Array<ArrayBuffer> }
    const { batchId, streamId, copy, attempt } = oracle.sent(request, scheduler.now())
    say(`${nameOf(life)} presents ${short(batchId)}${copy ? ' as a copy' : `, attempt ${attempt}`}`)
    checkConsent(batchId)
    if (!copy) checkBeforeSending(life, batchId, streamId)
    const times = (presented.get(batchId) ?? 0) + 1
    presented.set(batchId, times)
    if (times > ENOUGH) oracle.violate('G3', `${short(batchId)} is presented without end`)
    const own = { life, streamId, batchId, ran: !copy && !interrupted.has(life) }
    underWay.add(own)
    if (!copy) latestOf.set(batchId, own)
    const answered = present(life, url, init)
    answered
      .then(({ status, headers }) => {
        say(`${nameOf(life)} hears ${status} for ${short(batchId)}`)
        const isOurs = headers.get('content-type')?.startsWith('application/problem+json')
        if (status === 413 && isOurs && latestOf.get(batchId) === own) oracle.allowHalves(batchId)
      })
      .catch((error) => say(`${nameOf(life)} hears nothing for ${short(batchId)}: ${error.message}`))
      .finally(() => underWay.delete(own))
    return answered
  }

  function checkConsent(batchId: string): void {
    if (!everGranted) oracle.violate('G12', `${short(batchId)} was sent before the visitor consented`)
    if (deniedAt !== undefined && scheduler.now() > deniedAt + 200) {
      oracle.violate('G12', `${short(batchId)} was sent after the visitor had denied consent`)
    }
  }

  function checkBeforeSending(life: Life, batchId: string, streamId: string): void {
    for (const other of interrupted.has(life) ? [] : underWay) {
      if (other.life === life || other.streamId !== streamId || !other.ran || other.life.state !== 'running') continue
      oracle.violate('G7', `${nameOf(life)} presents ${short(batchId)} while ${nameOf(other.life)} presents`)
    }
    const rows = disk.read(NAME) ?? []
    const stored = new Map(rows.map(([key, value]) => [String(key), value]))
    const isStored = rows.some(([key, line]) => Array.isArray(key) && String(line).includes(streamId))
    const { list = [] } = (stored.get('cuts') ?? {}) as { list?: { batchId: string }[] }
    if (isStored && !recorded.has(batchId) && !list.some((cut) => cut.batchId === batchId)) {
      oracle.violate('G5', `${short(batchId)} leaves the device and is not on the disk as a cut`)
    }
  }

  const short = (batchId: string) => batchId.replace(/^(.{8}).*(.{4}):/, '$1…$2:')
  const options = {
    endpoint: 'https://collector.example',
    writeKey: toWriteKey(1),
    name: NAME,
    consent: setup.consent,
    flushAt: setup.flushAt,
    maxBytes: setup.maxBytes,
    // Who gives up before a destination can have acknowledged never hears that it has.
    requestTimeout: setup.lagging ? 30_000 : setup.requestTimeout,
  }
  const profile = createProfile({ scheduler, disk, network, options })
  const pages: Page[] = []
  let opened = 0
  let tracked = 0
  let backup: (() => void) | undefined
  let release: Release = 'this'
  /** The latest that was ever there. */
  let latest: Release = 'this'
  let isRoomy = true
  let isDenied = false
  /** Pages that were there when the device forgot the visitor's denial: they may hold to it. */
  const heeding = new Set<Tab>()
  /** The visitor's last decision was a grant, and the store was told of it. */
  let isGranted = false
  /** The visitor's last wish to forget was carried out. */
  let isForgotten = true
  let wasSetBack = false
  let forgetting: { tab: Tab; until: number } | undefined

  const nameOf = (life: Life) => `tab ${pages.find(({ tab }) => tab.life === life)?.number ?? '?'}`
  const running = () => pages.filter(({ tab }) => tab.life.state === 'running')
  const alive = () => pages.filter(({ tab }) => tab.life.state !== 'gone')

  function openPage(): Page {
    const page: Page = {
      number: ++opened,
      tab: profile.openTab(release, toWriteKey(keys[0])),
      open: false,
      isForgetting: false,
    }
    pages.push(page)
    // It carries out what is left to do.
    if (forgetting && profile.storage.has(`${NAME}.consent`))
      forgetting.until = Math.max(forgetting.until, scheduler.now() + HEARSAY)
    say(`tab ${page.number} opens${release === 'this' ? '' : `, of the ${release} release`}`)
    listen(page)
    return page
  }

  /** Notes when the page's store is open. */
  function listen(page: Page): void {
    page.open = false
    const asked = scheduler.now()
    page.tab.waybill.stats().then(({ storage, consent }) => {
      const isRead = scheduler.now() < asked + OPEN_TIMEOUT
      page.open =
        isRead && storage === 'durable' && consent === 'granted' && isRoomy && !disk.hang && !page.isForgetting
    })
  }

  /** Calls of the span that each page has started last, by name. */
  const handles = new Map<Page, Map<string, ReturnType<Page['tab']['waybill']['start']>>>()

  function callSpan(page: Page, name: string, call: 'start' | 'set' | 'end'): void {
    say(`  ${call} ${name}`)
    const own = handles.get(page) ?? new Map()
    handles.set(page, own)
    if (call === 'set') void own.get(name)?.set({ at: scheduler.now() })
    if (call === 'end') void own.get(name)?.end()
    if (call !== 'start') return
    const mayGo = excuseNow(page.tab)
    const before = excuses
    const span = page.tab.waybill.start(name, { by: page.number })
    own.set(name, span)
    span.started.then((result) => {
      if (result.status === 'durable' && result.spanId && !mayGo && before === excuses) spans.started(result.spanId)
    })
  }

  const pick = <Item>(items: Item[], index: number): Item | undefined => items[index % items.length]

  function track(page: Page, count: number, size: number, priority: 'low' | 'normal' | 'high' = 'normal'): void {
    for (let index = 0; index < count; index++) {
      const marker = `e${++tracked}`
      const excuse = excuseNow(page.tab)
      oracle.handed({ marker, life: page.tab.life, at: scheduler.now(), open: page.open, ...(excuse && { excuse }) })
      const pad = 'x'.repeat(size)
      page.tab.waybill.track('Marked', { marker, pad }, { priority }).then((result) => {
        oracle.said(marker, result)
        if (result.status === 'memory') listen(page)
        say(`tab ${page.number}: ${marker} is ${result.status}${'reason' in result ? `, ${result.reason}` : ''}`)
      })
    }
    say(`tab ${page.number} tracks e${tracked - count + 1} to e${tracked}, ${size} bytes each`)
  }

  /** What no SDK could keep: it is refused, told, and harms nothing else. */
  function misuse({ tab: { waybill }, number }: Page): void {
    inject('misuse')
    const cycle: { self?: object } = {}
    cycle.self = cycle
    const calls = [
      waybill.track('Cyclic', cycle),
      waybill.track('Large', { text: 'x'.repeat(100_000) }),
      waybill.track('Listed', []),
      waybill.track(''),
      waybill.page('Deep', JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`)),
      waybill.identify(undefined as unknown as string),
    ]
    for (const call of calls) {
      call.then(({ status }) => {
        if (status !== 'dropped') oracle.violate('G10', `tab ${number}: a call that makes no sense is ${status}`)
      })
    }
    // As much as fits, and more than does.
    void waybill.register({ large: 'x'.repeat(3_000 + Math.floor(scheduler.random() * 6_000)) })
  }

  function interrupt(life: Life): void {
    interrupted.add(life)
    for (const own of underWay) if (own.life === life) own.ran = false
  }

  /** What other tabs track before they have heard of it may go with what the visitor wants gone. */
  function beginForgetting(tab: Tab, reason: string): void {
    oracle.excuse(reason)
    // The device's clock counts whole milliseconds. Before consent nothing is written by which other tabs could hear of it.
    oracle.forbid(Math.floor(scheduler.now()), scheduler.now() + HEARSAY, everGranted ? undefined : tab.life)
    forgetting = { tab, until: isUsable() ? scheduler.now() + HEARSAY : Number.POSITIVE_INFINITY }
    isForgotten = false
  }
  /** @param isTold whether nothing kept the store when it was asked */
  function endForgetting(tab: Tab, isTold: boolean): void {
    if (forgetting?.tab !== tab || !isTold || !isUsable() || tab.life.state !== 'running') return
    // A page that is being left hears that it is over: the wish is written down, for the next page.
    if (interrupted.has(tab.life)) return
    isForgotten = true
    // What other tabs have in hand they may still write down.
    if (alive().length === 1) oracle.checkEmptied(JSON.stringify([disk.read(NAME), [...profile.storage]]))
  }
  /** Whether nothing keeps the store: nor a page that stands still in the middle of a transaction. */
  const isUsable = () => isRoomy && !disk.hang && alive().length === running().length

  /** What could not be done is done when it is tried again. */
  function expectRetry(): void {
    if (forgetting && running().length > 0 && isUsable())
      forgetting.until = Math.min(forgetting.until, scheduler.now() + RETRY)
  }
  /** A store that could not be emptied when it was asked for takes with it what it has adopted from memory since. */
  function excuseNow(tab: Tab): string | undefined {
    if (heeding.has(tab)) return 'its page remembers a denial that the device has forgotten'
    if (!forgetting || scheduler.now() >= forgetting.until) return undefined
    return forgetting.tab === tab && Number.isFinite(forgetting.until) ? undefined : 'it is being forgotten'
  }

  /** A wish may come to light again, and lie in what is the future now: then it takes with it all that comes until it is done. */
  function expectWish(): void {
    const [page] = pages
    if (!page || !profile.storage.has(`${NAME}.consent`)) return
    oracle.excuse('a wish has come to light again')
    forgetting = { tab: page.tab, until: Number.POSITIVE_INFINITY }
  }

  function kill(): void {
    const isKept = !isUsable()
    for (const { tab } of pages) oracle.ended(tab.life, 'died', scheduler.now())
    oracle.killed(scheduler.now() - STORAGE_DELAY)
    profile.kill()
    // Of a wish that the store was not told of yet, what was written down may be lost.
    if (isKept) deniedAt = undefined
    if (isKept || !isForgotten) oracle.allowUnwanted()
    if (wasSetBack) expectWish()
  }

  function act(action: Action): void {
    if (action.do === 'open') {
      if (alive().length < 5) openPage()
      return
    }
    if ('tab' in action) {
      const wanted =
        action.do === 'show' || action.do === 'thaw' ? alive().filter((page) => !running().includes(page)) : running()
      const page = pick(wanted, action.tab) ?? (action.do === 'track' ? openPage() : undefined)
      if (!page) return
      const { tab } = page
      const { waybill } = tab
      if (action.do !== 'track') say(`tab ${page.number}: ${action.do}${'how' in action ? ` (${action.how})` : ''}`)
      switch (action.do) {
        case 'track':
          track(page, action.events, action.size, action.priority)
          return
        case 'identify':
          void waybill.identify(`u${action.tab}`)
          return
        case 'register':
          void waybill.register({ plan: `p${action.tab}` })
          return
        case 'unregister':
          void waybill.unregister('plan', 'another')
          return
        case 'misuse':
          misuse(page)
          return
        case 'span':
          callSpan(page, action.name, action.call)
          return
        case 'reset':
          oracle.reset(tab.life)
          void waybill.reset()
          return
        case 'flush':
          void waybill.flush({ timeout: 20_000 })
          return
        case 'leave': {
          if (action.events > 0) track(page, action.events, 10)
          inject(`leave by ${action.how}`)
          oracle.ended(tab.life, action.how === 'hidden' ? 'died' : 'left', scheduler.now())
          interrupt(tab.life)
          tab.leave(action.how)
          return
        }
        case 'hide':
        case 'freeze':
          inject(action.do)
          interrupt(tab.life)
          tab[action.do]()
          return
        case 'show':
        case 'thaw':
          interrupted.delete(tab.life)
          tab[action.do]()
          listen(page)
          return
        case 'crash':
          inject(action.do)
          oracle.ended(tab.life, 'died', scheduler.now())
          tab.crash()
          return
        case 'consent': {
          const denied = action.decision === 'denied'
          say(`  the visitor has ${action.decision} it`)
          if (denied) beginForgetting(tab, 'consent was withdrawn')
          else {
            if (isDenied) oracle.excuse('consent was withdrawn until now')
            everGranted = true
            deniedAt = undefined
          }
          isDenied = denied
          heeding.clear()
          isGranted = false
          const isTold = isUsable()
          const own = ++decisions
          page.open = false
          waybill.consent(action.decision).then(() => {
            for (const each of alive()) listen(each)
            if (denied) endForgetting(tab, isTold)
            if (own !== decisions || tab.life.state !== 'running') return
            if (denied) deniedAt = scheduler.now()
            else isGranted = isTold && isUsable()
          })
          return
        }
        case 'forget': {
          beginForgetting(tab, 'the buffer was emptied')
          // What a page tracks meanwhile waits in memory until that is done, and nobody is told when.
          page.isForgetting = true
          page.open = false
          const isTold = isUsable()
          waybill.forget().then(() => {
            page.isForgetting = false
            endForgetting(tab, isTold)
            listen(page)
          })
          return
        }
      }
    }
    say(describe(action))
    switch (action.do) {
      case 'kill':
      case 'lose power':
      case 'restore': {
        if (action.do === 'restore' && !backup) return
        inject(action.do)
        kill()
        if (action.do === 'kill') return
        // What the device forgets is outside the promise. Nothing was sent that a power loss could undo; that a stream
        // forks which went back further must show.
        oracle.excuse(action.do)
        deniedAt = undefined
        isGranted = false
        if (action.do === 'lose power') {
          if (!isForgotten) oracle.allowUnwanted()
          disk.losePower()
        } else {
          oracle.allowUnwanted()
          oracle.allowForks()
          backup?.()
          expectWish()
        }
        return
      }
      case 'back up':
        kill()
        backup = profile.copy()
        return
      case 'close connections':
        inject(action.do)
        spans.allowRepeats()
        disk.closeAll()
        for (const page of alive()) listen(page)
        return
      case 'clear site data':
        inject(action.do)
        oracle.excuse('site data was cleared')
        oracle.allowUnwanted()
        oracle.allowRepeats()
        deniedAt = undefined
        isGranted = false
        disk.clear()
        profile.storage.clear()
        if (isDenied) for (const { tab } of alive()) heeding.add(tab)
        for (const page of alive()) listen(page)
        return
      case 'hang':
        if (action.on) inject('open hangs')
        spans.allowRepeats()
        // Told of it a moment before a kill, `localStorage` may have lost the denial; then only the store knew.
        if (action.on && !profile.storage.get(`${NAME}.consent`)?.includes('denied')) deniedAt = undefined
        disk.hang = action.on
        return
      case 'room':
        isRoomy = action.bytes === undefined
        if (!isRoomy) inject('quota')
        spans.allowRepeats()
        disk.setRoom(action.bytes)
        for (const page of alive()) page.open = false
        return
      case 'set clock':
        inject(action.do)
        // What is wished in what is the future now, and not done yet, takes with it all that comes until it is.
        if (action.by < 0 && forgetting && profile.storage.has(`${NAME}.consent`)) {
          oracle.excuse('the clock was set back before the buffer was emptied')
          forgetting.until = Number.POSITIVE_INFINITY
        }
        oracle.allowDisorder()
        profile.skew += action.by
        wasSetBack ||= action.by < 0
        return
      case 'weather':
        network.weather = { ...FAIR, ...action.weather }
        if (action.weather.offline) inject('offline')
        return
      case 'collector dies':
        inject(action.do)
        fleet.kill(action.collector)
        return
      case 'collectors':
        inject('collectors replaced')
        role = action.archive
        fleet.replaceAll({ instances: action.count, limits: action.limits, sinks: sinksNow() })
        return
      case 'redeploy':
        inject('receipt keys and cache changed')
        if (action.move) archives.push(simulatedR2({ scheduler, name: `archive ${archives.length + 1}` }))
        fleet.replaceAll({
          sinks: sinksNow(),
          receiptKeys: toReceiptKeys(action.receiptKeys),
          cache: action.cache,
        })
        return
      case 'keys':
        inject('write keys changed')
        keys = action.known
        fleet.replaceAll({ keys: keys.map(toWriteKey) })
        return
      case 'rogue':
        inject(action.do)
        rogue.act()
        return
      case 'release':
        inject(action.do)
        release = action.release
        if (release !== 'this' && latest !== 'newer') latest = release
        return
      case 'sink':
        setFault(action.sink, action.fault, action.on)
        return
    }
  }

  /** Nobody has a span open for longer than a session lasts, and then comes the next visit. */
  async function endSpans(): Promise<void> {
    for (const { tab } of alive()) tab.leave('pagehide')
    await scheduler.pass(40 * MINUTE)
    openPage()
    await scheduler.pass(10 * MINUTE)
    for (const text of spans.check(holdings())) oracle.violate('G3', text)
  }

  function setFault(sink: number, fault: Fault, on: boolean): void {
    const destination = [bucket, webhook, archiveNow()][sink % 3]
    if (destination) destination.faults[fault] = on ? 0.6 : 0
    if (setup.lagging) webhook.faults.lags = 1
  }

  /** When the visitor last wished something, and last set the clock. */
  const last = { wish: 0, clock: 0 }

  /** No person wishes two things in one millisecond, or something and another time within a second. */
  async function pauseAsPersonsDo({ do: what }: Action): Promise<void> {
    const kind = what === 'consent' || what === 'forget' ? 'wish' : what === 'set clock' ? 'clock' : undefined
    if (!kind) return
    const earliest = Math.max(last[kind] + 1, last[kind === 'wish' ? 'clock' : 'wish'] + 1_000)
    await scheduler.pass(Math.max(0, earliest - scheduler.now()))
    last[kind] = scheduler.now()
  }

  let decisions = 0
  /** What is there, of the rogue's stream or of all others. */
  const holdings = (ofRogue = false): Holding[] =>
    destinations().map((destination) => ({
      sink: destination.name,
      arrivals: destination.arrivals.filter(({ batchId }) => batchId.startsWith(rogue.streamId) === ofRogue),
      isWhole: destination === bucket || destination === webhook,
      keepsForks: destination !== webhook,
      refused: destination.refused,
    }))
  const rogue = createRogue({
    ...{ scheduler, fleet },
    url: () => `${options.endpoint}/v1/events?key=${toWriteKey(keys[0])}`,
    origin: ORIGIN,
    holdings: (names) => holdings(true).filter(({ sink }) => names.includes(sink)),
    violate: ({ guarantee, text }) => oracle.violate(guarantee, `of another sender, ${text}`),
  })

  for (const { after, action } of steps) {
    if (oracle.violations.length > 0) break
    await scheduler.pass(after)
    await pauseAsPersonsDo(action)
    act(action)
    expectRetry()
    if (!everGranted && (disk.read(NAME) !== undefined || profile.storage.size > 0)) {
      oracle.violate('G12', 'something was written to the device before the visitor consented')
    }
  }
  await scheduler.pass(0)

  say('the faults are over')
  network.weather = FAIR
  for (const { faults } of destinations()) {
    Object.assign(faults, { lags: 0, slow: 0, fails: 0, refuses: 0, lies: 0 })
  }
  if (setup.lagging) webhook.faults.lags = 1
  // Limits stay as they are, so low that no batch may need more; every receipt that is held can be read, and a key stays
  // known until no page uses it.
  fleet.replaceAll({ keys: [1, 2, 3].map(toWriteKey), receiptKeys: toReceiptKeys([1, 2, 3]) })
  release = latest
  disk.hang = false
  disk.setRoom(undefined)
  isRoomy = true
  for (const { tab, number } of alive()) {
    if (tab.life.state !== 'frozen') continue
    say(`tab ${number} is back`)
    tab.thaw()
  }
  await scheduler.pass(1_000)
  const { waybill: lastPage } = openPage().tab
  let { consent } = await settleIn(scheduler, lastPage.stats())
  // It may still be carrying out a wish.
  for (const until = scheduler.now() + RETRY; everGranted && consent === 'pending' && scheduler.now() < until; ) {
    await scheduler.pass(1_000)
    consent = (await settleIn(scheduler, lastPage.stats())).consent
  }
  if (consent !== 'granted' && isGranted) {
    oracle.violate('G3', `the visitor has granted consent, and it is ${consent}`)
  }
  if (consent !== 'granted') oracle.excuse('the visitor has not consented')
  const end = scheduler.now() + PATIENCE
  const isEmpty = () => !(disk.read(NAME) ?? []).some(([key]) => Array.isArray(key) || String(key).startsWith('raw:'))
  const isOver = () => oracle.violations.length > 0 || scheduler.now() >= end
  while (!isOver() && !(isEmpty() && oracle.isComplete(holdings()))) await scheduler.pass(10 * MINUTE)
  await scheduler.pass(MINUTE)

  if (consent === 'granted' && !isEmpty()) {
    oracle.violate('G3', `${PATIENCE / MINUTE} min after the last fault not everything is recorded`)
  }
  if (consent === 'denied' && !(isEmpty() && [...profile.storage.keys()].every((key) => key === `${NAME}.consent`))) {
    oracle.violate('G12', 'the buffer is not empty, and consent is denied')
  }
  if (spans.isUsed && consent === 'granted' && oracle.violations.length === 0) await endSpans()
  oracle.check(holdings())
  for (const { counts, name } of destinations()) {
    for (const [fault, count] of Object.entries(counts)) {
      if (count > 0) faults.set(`${name} ${fault}`, count)
    }
  }
  return { violations: oracle.violations, timeline, events: oracle.events, faults }
}

const toWriteKey = (number: number): string => `wk_sim_${number}`

const toReceiptKeys = (numbers: readonly number[]) =>
  numbers.map((number) => ({ id: `k${number}`, secret: `${number}`.repeat(32) }))

/** Lets time pass until this is settled. */
async function settleIn<Value>(
  scheduler: { pass: (ms: number) => Promise<void> },
  promise: Promise<Value>,
): Promise<Value> {
  let settled = false
  promise.finally(() => {
    settled = true
  })
  while (!settled) await scheduler.pass(100)
  return promise
}

const describe = (action: Action): string => {
  const { do: what, ...rest } = action
  const details = Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : ''
  return `${what}${details}`
}
