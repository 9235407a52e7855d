import { gunzipSync } from 'node:zlib'
import type { TrackResult } from '@waybill/browser'
import type { BatchHeader } from '@waybill/protocol'
import type { Presented } from './network.ts'
import type { Life } from './scheduler.ts'

export type Guarantee = 'G1' | 'G2' | 'G3' | 'G4' | 'G5' | 'G6' | 'G7' | 'G8' | 'G9' | 'G10' | 'G11' | 'G12'

/** What did not hold. */
export interface Violation {
  guarantee: Guarantee
  text: string
}

/** A batch as a destination got it. */
interface Arrival {
  batchId: string
  lines: readonly string[]
  /** Whether it is held since then; else it was known already. */
  kept: boolean
}

/** What a destination holds, in the order in which it came. */
export interface Holding {
  sink: string
  arrivals: readonly Arrival[]
}

/** One event that was handed to `track()`. */
interface Handed {
  marker: string
  life: Life
  /** The store was open, and in order, so that the event must outlive a page that is left. */
  open: boolean
  /** How its page ended. */
  end?: 'left' | 'died'
  result?: TrackResult
  /** Why it need not arrive. */
  excuse?: string
}

interface Line {
  streamId: string
  seq: number
  through?: number
  type: string
  reason?: string
  event?: string
  properties?: { marker?: string }
}

/**
 * Knows what was handed to `track()`, what its promises said, what left the pages and what each destination holds, and
 * nothing of how that comes about. Of the device's disk the world tells it what must not be there, or must be.
 */
export interface Oracle {
  readonly violations: Violation[]
  violate: (guarantee: Guarantee, text: string) => void
  handed: (marker: string, life: Life, open: boolean, excuse?: string) => void
  said: (marker: string, result: TrackResult) => void
  /** So did the page that tracked them end. */
  ended: (life: Life, end: 'left' | 'died') => void
  /** The browser was killed: what `localStorage` was told of late may be gone. */
  killed: (lives: readonly Life[]) => void
  /** Nothing that was handed over until now has to arrive. */
  excuse: (reason: string) => void
  /** The device went back to an earlier state: streams may fork from here on. */
  allowForks: () => void
  /** The site's data was cleared: a page that comes back knows what the store does not know any more. */
  allowRepeats: () => void
  /** What a collector takes got smaller: a batch that a destination holds may come again in halves. */
  allowHalves: () => void
  /** @returns the batch that leaves a page */
  sent: (request: Presented) => BatchHeader
  /** A collector has answered that the batch is recorded, and which of its events it rejected. */
  answered: (batchId: string, named: readonly number[], holdings: readonly Holding[]) => void
  /** Whether all that has to arrive has arrived at each of these. */
  isComplete: (holdings: readonly Holding[]) => boolean
  /** Finds what did not hold in the end. */
  check: (holdings: readonly Holding[]) => void
  readonly events: number
}

const decoder = new TextDecoder()

/** The batch that a request carries. */
function readBatch({ url, body }: Presented): { header: BatchHeader; rest: string } {
  const bytes = new URL(url).searchParams.get('encoding') === 'gzip' ? gunzipSync(body) : body
  const text = decoder.decode(bytes)
  const end = text.indexOf('\n')
  return { header: JSON.parse(text.slice(0, end)), rest: text.slice(end + 1) }
}

const RECEIVED = /,"received":\{[^{}]*\}\}$/

/** The client's own bytes of a line. */
const withoutReceived = (line: string): string => line.replace(RECEIVED, '}')

/** Seqs that the collector took out. */
const rejectedIn = (lines: readonly string[]): number[] =>
  lines.flatMap((text) => {
    const { type, seq } = JSON.parse(text) as Line
    return type === 'rejected' ? [seq] : []
  })

export function createOracle(): Oracle {
  const violations: Violation[] = []
  const events = new Map<string, Handed>()
  const presented = new Map<string, string>()
  let forks = false
  let halves = false
  let repeats = false

  const violate = (guarantee: Guarantee, text: string) => violations.push({ guarantee, text })

  /** G1, G2 or G3, if this event must arrive. */
  function promiseOf({ open, end, result, excuse, life }: Handed): Guarantee | undefined {
    if (excuse) return undefined
    if (result?.status === 'durable') return 'G1'
    if (result?.status === 'dropped') return undefined
    if (!end && life.state !== 'gone') return 'G3'
    return end === 'left' && open && !result ? 'G2' : undefined
  }

  const markersOf = ({ arrivals }: Holding) =>
    new Set(
      arrivals
        .flatMap(({ lines }) => lines.map((line) => (JSON.parse(line) as Line).properties?.marker))
        .filter(Boolean),
    )

  /** How many seqs a tombstone stands for. */
  function countShed({ arrivals }: Holding): number {
    const shed = new Set<string>()
    for (const { lines } of arrivals) {
      for (const { streamId, seq, through = seq, type } of lines.map((line) => JSON.parse(line) as Line)) {
        if (type === 'shed' || type === 'rejected')
          for (let one = seq; one <= through; one++) shed.add(`${streamId} ${one}`)
      }
    }
    return shed.size
  }

  function missing(holding: Holding): Handed[] {
    const markers = markersOf(holding)
    return [...events.values()].filter((event) => promiseOf(event) && !markers.has(event.marker))
  }

  /** Order, gaps, repeats and contents, from the destination's own data alone. */
  function checkStreams({ sink, arrivals }: Holding): void {
    const batches = new Map<string, string>()
    const streams = new Map<string, Map<number, string>>()
    const markers = new Map<string, string>()
    for (const { batchId, lines, kept } of arrivals) {
      if (!kept) continue
      const content = lines.map(withoutReceived).join('\n')
      const before = batches.get(batchId)
      if (before === content) continue
      if (before !== undefined && !forks) violate('G5', `${sink}: ${batchId} came with two contents`)
      batches.set(batchId, content)
      const parsed = lines.map((line) => JSON.parse(line) as Line)
      const streamId = batchId.slice(0, batchId.indexOf(':'))
      const stream = streams.get(streamId) ?? new Map<number, string>()
      streams.set(streamId, stream)
      const due = stream.size + 1
      const first = parsed[0]?.seq ?? 0
      if (first > due) violate('G6', `${sink}: ${batchId} came when seq ${due} was due`)
      else if (first < due && !forks && !halves)
        violate('G8', `${sink}: ${batchId} repeats seq ${first} under another id`)
      for (const [index, { seq, through = seq, type, reason, properties }] of parsed.entries()) {
        for (let one = seq; one <= through; one++) stream.set(one, lines[index] as string)
        if (reason === 'damaged' && !forks) violate('G3', `${sink}: seq ${seq} of ${streamId} was found damaged`)
        const marker = properties?.marker
        const place = `${streamId} ${seq}`
        if (type !== 'track' || !marker) continue
        if (markers.has(marker) && markers.get(marker) !== place && !forks && !repeats) {
          violate('G2', `${sink}: ${marker} is there as ${markers.get(marker)} and as ${place}`)
        }
        markers.set(marker, place)
        if (events.get(marker)?.result?.status === 'dropped')
          violate('G9', `${sink}: ${marker} was dropped and is there`)
      }
      const last = Math.max(...stream.keys())
      if (stream.size !== last)
        violate('G4', `${sink}: ${streamId} holds ${stream.size} of ${last} seqs with ${batchId}`)
    }
  }

  return {
    violations,
    violate,
    get events() {
      return events.size
    },
    handed(marker, life, open, excuse) {
      events.set(marker, { marker, life, open, ...(excuse ? { excuse } : {}) })
    },
    said(marker, result) {
      const event = events.get(marker)
      if (event) event.result = result
    },
    ended(life, end) {
      for (const event of events.values()) if (event.life === life) event.end ??= end
    },
    killed(lives) {
      for (const event of events.values()) {
        // It was left behind where only a browser that goes on keeps it.
        if (lives.includes(event.life) && event.end === 'left') event.end = 'died'
      }
    },
    excuse(reason) {
      for (const event of events.values()) event.excuse ??= reason
    },
    allowForks() {
      forks = true
    },
    allowRepeats() {
      repeats = true
    },
    allowHalves() {
      halves = true
    },
    sent(request) {
      const { header, rest } = readBatch(request)
      const before = presented.get(header.batchId)
      if (before !== undefined && before !== rest && !forks) {
        violate('G5', `${header.batchId} left the device with two contents`)
      }
      presented.set(header.batchId, rest)
      return header
    },
    answered(batchId, named, holdings) {
      for (const { sink, arrivals } of holdings) {
        // What was brought there before may have been rejected by other limits.
        const versions = arrivals.filter((arrival) => arrival.batchId === batchId)
        if (!versions.some(({ lines }) => rejectedIn(lines).join() === named.join())) {
          violate(
            'G9',
            `${sink}: of ${batchId} other events are rejected than the answer names: ${named.join() || 'none'}`,
          )
        }
      }
    },
    isComplete: (holdings) => holdings.every((holding) => missing(holding).length <= countShed(holding)),
    check(holdings) {
      for (const holding of holdings) {
        const lost = missing(holding)
        const shed = countShed(holding)
        if (lost.length > shed) {
          const [first] = lost as [Handed]
          violate(
            promiseOf(first) ?? 'G3',
            `${holding.sink}: ${lost.map(({ marker }) => marker).join(', ')} never came, and ${shed} tombstones did`,
          )
        }
        checkStreams(holding)
      }
      for (const { marker, result, life, excuse, end } of events.values()) {
        if (!result && !end && life.state !== 'gone' && !excuse)
          violate('G10', `the promise of ${marker} never settled`)
      }
    },
  }
}
