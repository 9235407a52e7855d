import { proveComplete } from '../completeness.ts'
import type { Delivery, Line } from '../destination.ts'

/** What became of the events of one scenario. */
export interface Tally {
  /** Events that a page called `track()` with. */
  handedOver: number
  /** Events that the SDK counts: recorded or pending. */
  stored: number
  /** Of those handed over, how many the destination holds. */
  arrived: number
  /** How many it holds under two seqs: no id takes those out. */
  repeated: number
  /** How many came in a batch that was presented again, with the same id: a receiver that knows the id drops them. */
  sentAgain: number
  /** The markers of those handed over that have not arrived. */
  lost: string[]
}

/** What one scenario hands over: each event has a marker of its own. */
export interface Ledger {
  /** Tells this scenario's events from all others. */
  run: string
  /** Notes an event, and returns what marks it. */
  next(): string
  /** Notes so many events at once. */
  take(count: number): string[]
  /** Notes events that a page has marked by itself. */
  add(markers: Iterable<string>): void
  /** Notes that the SDK had counted so many events as stored when its counters were taken away. */
  store(count: number): void
  /** Compares with what has arrived, and proves that each stream has no gap. */
  tally(deliveries: readonly Delivery[], stored: number): Tally
}

export function createLedger(run: string): Ledger {
  const markers = new Set<string>()
  let before = 0

  function next(): string {
    const marker = String(markers.size + 1)
    markers.add(marker)
    return marker
  }

  return {
    run,
    next,
    take: (count) => Array.from({ length: count }, next),
    add(added) {
      for (const marker of added) markers.add(marker)
    },
    store(count) {
      before += count
    },
    tally(deliveries, stored) {
      const streams = new Set<string>(
        deliveries.flatMap(({ lines }) => lines.filter((line) => ofRun(line, run)).map(({ streamId }) => streamId)),
      )
      const own = deliveries.filter(({ batchId }) => streams.has(batchId.slice(0, batchId.indexOf(':'))))
      const lines = [...streams].flatMap((streamId) => proveComplete(own, streamId))
      const held = lines.filter((line) => ofRun(line, run)).map(markerOf)
      const arrived = new Set(held.filter((marker) => markers.has(marker)))
      return {
        handedOver: markers.size,
        stored: before + stored,
        arrived: arrived.size,
        repeated: held.length - new Set(held).size,
        sentAgain: own.reduce((count, { lines }) => count + lines.length, 0) - lines.length,
        lost: [...markers].filter((marker) => !arrived.has(marker)),
      }
    },
  }
}

const propertiesOf = (line: Line): Record<string, unknown> => ('properties' in line && line.properties) || {}

const ofRun = (line: Line, run: string): boolean => propertiesOf(line).run === run

const markerOf = (line: Line): string => String(propertiesOf(line).marker)
