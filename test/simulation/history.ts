import fc from 'fast-check'
import type { Leave } from './browser.ts'
import type { Fault } from './destination.ts'
import type { Weather } from './network.ts'

/** What happens, and to whom. A tab or a collector is a number, of those that are there then. */
export type Action =
  | { do: 'open' }
  | { do: 'track'; tab: number; events: number; size: number; priority?: 'low' | 'normal' | 'high' }
  | { do: 'identify' | 'register' | 'reset' | 'flush'; tab: number }
  | { do: 'leave'; tab: number; how: Leave; events: number }
  | { do: 'hide' | 'show' | 'freeze' | 'thaw' | 'crash'; tab: number }
  | { do: 'kill' | 'lose power' | 'back up' | 'restore' | 'close connections' | 'clear site data' }
  | { do: 'hang'; on: boolean }
  | { do: 'room'; bytes: number | undefined }
  | { do: 'set clock'; by: number }
  | { do: 'weather'; weather: Partial<Weather> }
  | { do: 'collector dies'; collector: number }
  | { do: 'collectors'; count: number; limits: Record<string, number> }
  | { do: 'sink'; sink: number; fault: Fault; on: boolean }
  | { do: 'consent'; tab: number; decision: 'granted' | 'denied' }
  | { do: 'forget'; tab: number }

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

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 24, arbitrary: track },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('open' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('identify' as const, 'register', 'reset', 'flush', 'flush'), tab }),
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
        { eventBytes: 2_000 },
        { batchBytes: 41_000 },
      ),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('sink' as const),
      sink: fc.nat(1),
      fault: fc.constantFrom('slow' as const, 'fails', 'lies'),
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

/** Milliseconds that matter between two steps: within one transaction, one request, one timer, one outage. */
const pause = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 20 }) },
  { weight: 4, arbitrary: fc.integer({ min: 20, max: 2_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 2_000, max: 120_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 120_000, max: 4 * HOUR }) },
)

const toSteps = (actions: fc.Arbitrary<Action>) =>
  fc.array(fc.record({ after: pause, action: actions }), { minLength: 4, maxLength: 60, size: 'max' })

const setup = (consent: fc.Arbitrary<Setup['consent']>): fc.Arbitrary<Setup> =>
  fc.record({
    consent,
    flushAt: fc.constantFrom(1, 5, 30),
    maxBytes: fc.constantFrom(20_000, 16_777_216, 16_777_216),
    requestTimeout: fc.constantFrom(2_000, 30_000),
    collectors: fc.integer({ min: 1, max: 3 }),
  })

const seed = fc.noShrink(fc.nat(0x7fffffff))

/** Every history; in one of five the visitor has a say. */
export const histories: fc.Arbitrary<History> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ seed, setup: setup(fc.constant('granted')), steps: toSteps(action) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      seed,
      setup: setup(fc.constantFrom('granted', 'pending')),
      steps: toSteps(fc.oneof({ weight: 8, arbitrary: action }, { weight: 1, arbitrary: consents })),
    }),
  },
)
