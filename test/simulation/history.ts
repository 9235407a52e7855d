import fc from 'fast-check'
import type { Leave } from './browser.ts'
import type { CacheKind } from './collectors.ts'
import type { Fault } from './destination.ts'
import type { Weather } from './network.ts'
import { LEAST_EVENT_BYTES } from './oracle.ts'
import type { Release } from './releases.ts'

/** What happens, and to whom. A tab or a collector is a number, of those that are there then. */
export type Action =
  | { do: 'open' }
  | { do: 'track'; tab: number; events: number; size: number; priority?: 'low' | 'normal' | 'high' }
  | { do: 'identify' | 'register' | 'unregister' | 'reset' | 'flush' | 'misuse'; tab: number }
  | { do: 'leave'; tab: number; how: Leave; events: number }
  | { do: 'hide' | 'show' | 'freeze' | 'thaw' | 'crash'; tab: number }
  | { do: 'kill' | 'lose power' | 'back up' | 'restore' | 'close connections' | 'clear site data' }
  | { do: 'hang'; on: boolean }
  | { do: 'room'; bytes: number | undefined }
  | { do: 'set clock'; by: number }
  | { do: 'weather'; weather: Partial<Weather> }
  | { do: 'collector dies'; collector: number }
  | { do: 'collectors'; count: number; limits: Record<string, number>; archive: Archive }
  | { do: 'redeploy'; receiptKeys: readonly number[]; cache: CacheKind; move: boolean }
  | { do: 'keys'; known: WriteKeys }
  | { do: 'rogue' }
  | { do: 'sink'; sink: number; fault: Fault; on: boolean }
  | { do: 'consent'; tab: number; decision: 'granted' | 'denied' }
  | { do: 'forget'; tab: number }
  | { do: 'span'; tab: number; name: string; call: 'start' | 'set' | 'end' }
  | { do: 'release'; release: Release }

/** A third sink that comes and goes, and what it is to the collectors then. */
export type Archive = 'none' | 'best-effort' | 'required'

/** Which write keys are known from now on, by number. Pages that open are served with the first of them. */
export type WriteKeys = readonly [number, ...number[]]

/** After so many ms this happens. */
interface Step {
  after: number
  action: Action
}

/** How a site is set up. */
interface Setup {
  consent: 'granted' | 'pending'
  flushAt: number
  maxBytes: number
  requestTimeout: number
  collectors: number
  cache: CacheKind
  /** One destination always takes longer than collectors wait with their answer. */
  lagging: boolean
}

/** All that is to be known of a run: with the same history everything happens in the same way. */
export interface History {
  /** What every chance in it is drawn from. */
  seed: number
  setup: Setup
  steps: Step[]
}

const tab = fc.nat(5)
const chance = fc.constantFrom(0, 0.1, 0.3, 0.7)

const weather = fc.record(
  { offline: fc.boolean(), lose: chance, repeat: chance, delay: chance, cut: chance, middlebox: chance },
  { requiredKeys: [] },
)

const track = fc.record({
  do: fc.constant('track' as const),
  tab,
  events: fc.integer({ min: 1, max: 8 }),
  size: fc.constantFrom(10, 200, 3_000, 15_000),
  priority: fc.constantFrom('low' as const, 'normal' as const, 'high' as const),
})

const HOUR = 3_600_000

const cache = fc.constantFrom<CacheKind>('none', 'none', 'memory', 'shared')

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 24, arbitrary: track },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('open' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('identify' as const, 'register', 'unregister', 'reset', 'flush', 'flush', 'misuse'),
      tab,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('leave' as const),
      tab,
      how: fc.constantFrom('beforeunload' as const, 'pagehide', 'hidden'),
      events: fc.nat(3),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constantFrom('hide' as const, 'show', 'freeze', 'thaw', 'crash'), tab }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('kill' as const, 'kill', 'close connections', 'close connections') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('lose power' as const, 'back up', 'restore', 'clear site data') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hang' as const), on: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('room' as const), bytes: fc.constantFrom(0, 3_000, 30_000, undefined) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('set clock' as const),
      by: fc.constantFrom(-20 * 365 * 24 * HOUR, -HOUR, -5_000, 5_000, HOUR, 40 * 24 * HOUR),
    }),
  },
  { weight: 7, arbitrary: fc.record({ do: fc.constant('weather' as const), weather }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('collector dies' as const), collector: fc.nat(3) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('collectors' as const),
      count: fc.integer({ min: 1, max: 3 }),
      limits: fc.constantFrom<Record<string, number>>(
        {},
        { batchEvents: 3 },
        { eventBytes: LEAST_EVENT_BYTES },
        { batchBytes: 54_000 },
      ),
      archive: fc.constantFrom<Archive>('none', 'best-effort', 'required'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('redeploy' as const),
      receiptKeys: fc.constantFrom([], [1], [2, 1], [2], [3, 2]),
      cache,
      move: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('keys' as const),
      known: fc.constantFrom<WriteKeys>([1], [2, 1], [2], [3, 2], [3]),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rogue' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('sink' as const),
      sink: fc.nat(2),
      fault: fc.constantFrom('lags' as const, 'slow', 'fails', 'lies', 'refuses'),
      on: fc.boolean(),
    }),
  },
)

const consents: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    do: fc.constant('consent' as const),
    tab,
    decision: fc.constantFrom('granted' as const, 'granted', 'denied'),
  }),
  fc.record({ do: fc.constant('forget' as const), tab }),
)

const rollbacks: fc.Arbitrary<Action> = fc.record({
  do: fc.constantFrom('back up' as const, 'restore', 'restore', 'lose power'),
})

const spans: fc.Arbitrary<Action> = fc.record({
  do: fc.constant('span' as const),
  tab,
  name: fc.constantFrom('Checkout', 'Video'),
  call: fc.constantFrom('start' as const, 'start', 'set', 'end'),
})

const releases: fc.Arbitrary<Action> = fc.record({
  do: fc.constant('release' as const),
  release: fc.constantFrom<Release>('this', 'next', 'newer'),
})

/** Milliseconds that matter between two steps: within one transaction, one request, one timer, one outage. */
const pause = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 20 }) },
  { weight: 4, arbitrary: fc.integer({ min: 20, max: 2_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 2_000, max: 120_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 120_000, max: 4 * HOUR }) },
)

const toStep = (action: fc.Arbitrary<Action>): fc.Arbitrary<Step[]> =>
  fc.record({ after: pause, action }).map((step) => [step])

/** A tab stands still in the middle of a request, another delivers in its place, and the first hears its answer late. */
const takeover: fc.Arbitrary<Step[]> = fc
  .record({ tab, other: tab, frozenAfter: fc.nat(120), meanwhile: fc.nat(400), thawedAfter: fc.nat(200) })
  .map(({ tab, other, frozenAfter, meanwhile, thawedAfter }) => [
    { after: 0, action: { do: 'track', tab, events: 2, size: 10 } },
    { after: 0, action: { do: 'flush', tab } },
    { after: frozenAfter, action: { do: 'freeze', tab } },
    { after: 0, action: { do: 'track', tab: other, events: 2, size: 10 } },
    { after: 0, action: { do: 'flush', tab: other } },
    { after: meanwhile, action: { do: 'track', tab: other, events: 2, size: 10 } },
    { after: thawedAfter, action: { do: 'thaw', tab: 0 } },
  ])

/** The same, while what collectors take changes: the first was told that its batch is too large, and hears it late. */
const lateRefusal: fc.Arbitrary<Step[]> = fc
  .record({ other: tab, frozenAfter: fc.nat(120), meanwhile: fc.nat(2_000) })
  .map(({ other, frozenAfter, meanwhile }) => [
    { after: 0, action: { do: 'collectors', count: 1, limits: { batchEvents: 3 }, archive: 'none' } },
    { after: 0, action: { do: 'track', tab: 0, events: 6, size: 10 } },
    { after: 20, action: { do: 'flush', tab: 0 } },
    { after: frozenAfter, action: { do: 'freeze', tab: 0 } },
    { after: 0, action: { do: 'collectors', count: 1, limits: {}, archive: 'none' } },
    { after: 0, action: { do: 'flush', tab: other } },
    { after: meanwhile, action: { do: 'thaw', tab: 0 } },
  ])

/** @param theme what else happens in some histories, one time in nine */
const toSteps = (theme: fc.Arbitrary<Action> = action): fc.Arbitrary<Step[]> =>
  fc
    .array(
      fc.oneof(
        { weight: 32, arbitrary: toStep(action) },
        { weight: 4, arbitrary: toStep(theme) },
        { weight: 1, arbitrary: takeover },
        { weight: 3, arbitrary: lateRefusal },
      ),
      { minLength: 4, maxLength: 60, size: 'max' },
    )
    .map((steps) => steps.flat())

const setup = (consent: fc.Arbitrary<Setup['consent']>): fc.Arbitrary<Setup> =>
  fc.record({
    consent,
    flushAt: fc.constantFrom(1, 5, 30),
    maxBytes: fc.constantFrom(20_000, 16_777_216, 16_777_216),
    requestTimeout: fc.constantFrom(2_000, 30_000),
    collectors: fc.integer({ min: 1, max: 3 }),
    cache,
    lagging: fc.constantFrom(false, false, false, true),
  })

const seed = fc.noShrink(fc.nat(0x7fffffff))
const granted = fc.constant('granted' as const)

const toHistory = (steps: fc.Arbitrary<Step[]>, consent: fc.Arbitrary<Setup['consent']> = granted) =>
  fc.record({ seed, setup: setup(consent), steps })

/** Every history; in some the visitor has a say, the device goes back to an earlier state, releases mix, or spans are open. */
export const histories: fc.Arbitrary<History> = fc.oneof(
  { weight: 4, arbitrary: toHistory(toSteps()) },
  { weight: 2, arbitrary: toHistory(toSteps(consents), fc.constantFrom('granted', 'pending')) },
  { weight: 1, arbitrary: toHistory(toSteps(rollbacks)) },
  { weight: 1, arbitrary: toHistory(toSteps(releases)) },
  { weight: 2, arbitrary: toHistory(toSteps(spans)) },
)
