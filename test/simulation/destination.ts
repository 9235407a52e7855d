import type { Sink } from '../../packages/collector/src/core/sink.ts'
import type { Life, Scheduler } from './scheduler.ts'

/**
 * What may go wrong with an operation at a destination:
 * - `lags`: it takes seconds, longer than a collector waits with its answer, and is done before the deadline.
 * - `slow`: it takes seconds, longer than the deadline of a sink, before it takes effect or after.
 * - `fails`: it has no effect, and says so.
 * - `refuses`: it has no effect, and says which event it will never take.
 * - `lies`: it has taken effect, and says that it failed. Only a repeat without effect is spoken of truly.
 * - `outlives`: it takes effect although whoever asked has died or stopped waiting. Half of them do, unless told otherwise.
 */
export type Fault = 'lags' | 'slow' | 'fails' | 'refuses' | 'lies' | 'outlives'

/** Something brought to a destination, whether it was kept or known already. */
export interface Arrival {
  /** ms since 1970. */
  at: number
  batchId: string
  lines: readonly string[]
  /** Whether it is held since then, in this form; else it was known already, or its place was taken. */
  kept: boolean
}

/** Where batches go, for real sinks to write to and for a simulation to break and to look into. */
export interface SimulatedDestination {
  readonly name: string
  /** How likely each fault is, from 0 to 1; may be changed at any moment. */
  readonly faults: Record<Fault, number>
  /** How often each has happened. */
  readonly counts: Readonly<Record<Fault, number>>
  /** What is there: for each batch id the lines it was first brought with, then those of each fork. */
  readonly held: ReadonlyMap<string, readonly (readonly string[])[]>
  /** Which events it has refused, as `<streamId> <seq>`. */
  readonly refused: ReadonlySet<string>
  /** All that was ever brought, as it came. */
  readonly arrivals: readonly Arrival[]
  /** The real sink, as one collector has it. */
  sinkOf: (caller: Life, options: { required: boolean }) => Sink
}

/** What an operation did: `anew` when nothing of it was there before. */
interface Effect<Value> {
  value: Value
  anew: boolean
}

interface Operation<Value> {
  caller: Life
  /** Fires when the caller waits no longer. */
  signal?: AbortSignal | null | undefined
  takeEffect: () => Effect<Value>
  /** How this destination says that it failed: returns or throws. */
  sayFailed: () => Value
  /** How it says that it refuses an event; none where there is no event that it could refuse. */
  sayRefused?: (() => Value) | undefined
}

/** Has operations travel to a destination and back, and go wrong on the way as often as `faults` says. */
export interface Operations {
  readonly faults: Record<Fault, number>
  readonly counts: Record<Fault, number>
  run: <Value>(operation: Operation<Value>) => Promise<Value>
}

/** More than the waiting budget of a collector, in milliseconds; two of the longest are less than a deadline. */
const LAG = 3_100

/** @param deadline of the sinks, in milliseconds */
export function createOperations(scheduler: Scheduler, deadline: number): Operations {
  const faults = { lags: 0, slow: 0, fails: 0, refuses: 0, lies: 0, outlives: 0.5 }
  const counts = { lags: 0, slow: 0, fails: 0, refuses: 0, lies: 0, outlives: 0 }

  function happens(fault: Fault): boolean {
    if (scheduler.random() >= faults[fault]) return false
    counts[fault] += 1
    return true
  }

  const travel = () => 1 + scheduler.random() * 40

  async function run<Value>({ caller, signal, takeEffect, sayFailed, sayRefused }: Operation<Value>): Promise<Value> {
    signal?.throwIfAborted()
    let [there, back] = [travel(), travel()]
    if (happens('lags')) back += LAG * (1 + scheduler.random() / 2)
    else if (happens('slow')) {
      const seconds = deadline + scheduler.random() * 20_000
      if (scheduler.random() < 0.5) there += seconds
      else back += seconds
    }
    return new Promise<Value>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      function answer(say: () => Value): void {
        try {
          const value = say()
          scheduler.after(back, () => resolve(value), caller)
        } catch (error) {
          scheduler.after(back, () => reject(error), caller)
        }
      }
      scheduler.after(there, function arrive() {
        if (caller.state === 'gone' || signal?.aborted) {
          if (happens('outlives')) takeEffect()
        } else if (happens('fails')) {
          answer(sayFailed)
        } else if (sayRefused && happens('refuses')) {
          answer(sayRefused)
        } else {
          const { value, anew } = takeEffect()
          answer(anew && happens('lies') ? sayFailed : () => value)
        }
      })
    })
  }

  return { faults, counts, run }
}
