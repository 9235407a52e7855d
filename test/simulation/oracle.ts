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
  /** Every collector writes to it, so that all must be there. */
  isWhole: boolean
  /** It knows a repeat by its bytes, so that it keeps what comes with others under the same id. */
  keepsForks: boolean
  /** Places of events that it has refused. */
  refused: ReadonlySet<string>
}

/** One event that was handed to `track()`. */
interface Handed {
  marker: string
  life: Life
  /** When, in true ms. */
  at: number
  /** The store was open, and in order, so that the event must outlive a page that is left. */
  open: boolean
  /** How its page ended, and when. */
  end?: 'left' | 'died'
  endedAt?: number
  result?: TrackResult
  /** How often its page had reset the person before. */
  resets: number
  /** How often a person had gone when it was handed over. */
  partings: number
  /** Why it need not arrive. */
  excuse?: string
  /** The visitor wants it gone: from then on it may not leave a page that has not sent it before. In true ms. */
  unwantedFrom?: number
}

interface Line {
  streamId: string
  seq: number
  through?: number
  type: string
  reason?: string
  properties?: { marker?: string }
  anonymousId?: string
  monotonic?: { boot: string }
  state?: { future?: number; visitor?: { events: number } }
}

/** What a collector says is recorded. */
interface Recorded {
  batchId: string
  rejected: readonly { seq: number }[]
}

/**
 * Knows what was handed to `track()`, what its promises said, what left the pages and what each destination holds, and
 * nothing of how that comes about. Of the device's disk the world tells it what must not be there, or must be.
 */
export interface Oracle {
  readonly violations: Violation[]
  violate: (guarantee: Guarantee, text: string) => void
  handed: (event: Pick<Handed, 'marker' | 'life' | 'open' | 'excuse' | 'at'>) => void
  /** This page has called `reset()`. */
  reset: (life: Life) => void
  said: (marker: string, result: TrackResult) => void
  /** So did the page that tracked them end. */
  ended: (life: Life, end: 'left' | 'died', at: number) => void
  /** The browser was killed: what `localStorage` was told since then may be gone. In true ms. */
  killed: (since: number) => void
  /** The clock was changed: what a page leaves behind is ordered by it. */
  allowDisorder: () => void
  /** Nothing that was handed over until now has to arrive. */
  excuse: (reason: string) => void
  /**
   * What was handed over before `at` may not leave a page from `from` on, if it has not left one by then.
   *
   * @param at in true ms, as `from`
   * @param life by this page only
   */
  forbid: (at: number, from: number, life?: Life) => void
  /** This lies on the device, and a wish to forget was just carried out. */
  checkEmptied: (text: string) => void
  /** The device has lost what the visitor wished. */
  allowUnwanted: () => void
  /** The device went back to an earlier state: streams may fork from here on. */
  allowForks: () => void
  /** The site's data was cleared: a page that comes back knows what the store does not know any more. */
  allowRepeats: () => void
  /** Whoever presented this batch last was told that it is too large: it may come again in halves. */
  allowHalves: (batchId: string) => void
  /** @returns the batch that leaves a page */
  sent: (request: Presented, at: number) => BatchHeader
  /** A collector has said so of this request; what those hold that are required of it. */
  answered: (request: Presented, recorded: Recorded, holdings: readonly Holding[]) => void
  /** Whether all that has to arrive has arrived at each of these. */
  isComplete: (holdings: readonly Holding[]) => boolean
  /** Finds what did not hold in the end. */
  check: (holdings: readonly Holding[]) => void
  readonly events: number
}

const decoder = new TextDecoder()

/** The lowest limit of any collector: no event has more members than it may, or too deep ones. */
export const LEAST_EVENT_BYTES = 2_000

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

const parsed = new WeakMap<readonly string[], Line[]>()

function parse(lines: readonly string[]): Line[] {
  const known = parsed.get(lines) ?? lines.map((line) => JSON.parse(line) as Line)
  parsed.set(lines, known)
  return known
}

/** Seqs that the collector took out itself. */
const rejectedIn = (lines: readonly string[]): number[] =>
  parse(lines).flatMap(({ type, seq, reason }) => (type === 'rejected' && reason !== 'refused_by_sink' ? [seq] : []))

/** Whether these are the client's lines, but for tombstones in the places of some. */
const isOf = (lines: readonly string[], client: readonly string[]): boolean =>
  lines.length === client.length &&
  parse(lines).every(
    ({ type }, index) => type === 'rejected' || withoutReceived(lines[index] as string) === client[index],
  )

/** Whether two versions of a batch are what collectors with different limits took of the same lines. */
const differsInRejected = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length &&
  one.every((line, index) => line === other[index] || [line, other[index] as string].some(isRejection))

/** By the collector, or by the sink itself, which may refuse an event of one version only. */
const isRejection = (line: string): boolean => parse([line])[0]?.type === 'rejected'

type Range = { streamId: string; first: number; last: number }

function parseBatchId(batchId: string): Range {
  const [streamId = '', range = ''] = batchId.split(':')
  const [first, last] = range.split('-').map(Number) as [number, number]
  return { streamId, first, last }
}

const toLines = (rest: string): string[] => rest.split('\n').slice(0, -1)

const placeOf = ({ streamId, seq }: Pick<Line, 'streamId' | 'seq'>): string => `${streamId} ${seq}`

export function createOracle(): Oracle {
  const violations: Violation[] = []
  const events = new Map<string, Handed>()
  /** What left the device under each id. */
  const presented = new Map<string, Set<string>>()
  /** The markers of the lines that left the device for each place. */
  const placed = new Map<string, Set<string>>()
  /** The markers that have left the device. */
  const left = new Set<string>()
  /** What is recorded for each place. */
  const recorded = new Map<string, Set<string>>()
  /** How long the longest of them was, in bytes. */
  const sizes = new Map<string, number>()
  let disorder = false
  /** How often a person has gone: by `reset()`, or because the visitor wanted something forgotten. */
  let partings = 0
  let forks = false
  /** Batches that were refused for their size. */
  const halvable = new Set<string>()
  let repeats = false
  const resets = new Map<Life, number>()
  /** Whose the events of each clock are. */
  const owners = new Map<string, { anonymousId: string; partings: number }>()
  /** After how many resets each page was last heard of as each person. */
  const latestAs = new Map<Life, Map<string, number>>()

  const violate = (guarantee: Guarantee, text: string) => violations.push({ guarantee, text })

  /** G1, G2 or G3, if this event must arrive. */
  function promiseOf({ open, end, result, excuse, life }: Handed): Guarantee | undefined {
    if (excuse) return undefined
    if (result?.status === 'durable') return 'G1'
    if (result?.status === 'dropped') return undefined
    if (!end && life.state !== 'gone') return 'G3'
    return end === 'left' && open && !result ? 'G2' : undefined
  }

  /** Events that are there, or whose tombstones are. */
  const markersOf = ({ arrivals }: Holding) =>
    new Set(
      arrivals.flatMap(({ lines }) =>
        parse(lines).flatMap((line) => {
          if (line.type === 'rejected') return [...(placed.get(placeOf(line)) ?? [])]
          return line.properties?.marker ?? []
        }),
      ),
    )

  /** The seqs that gave way to a cap, of any stream: nobody else knows which events they were. */
  function shedIn({ arrivals }: Holding): number[] {
    const shed = new Map<string, number>()
    for (const { streamId, seq, through = seq, type } of arrivals.flatMap(({ lines }) => parse(lines))) {
      if (type === 'shed') for (let one = seq; one <= through; one++) shed.set(`${streamId} ${one}`, one)
    }
    return [...shed.values()]
  }

  /** What neither came nor gave way. */
  function missing(holding: Holding): Handed[] {
    const markers = markersOf(holding)
    const shed = shedIn(holding)
    const absent = [...events.values()].filter((event) => promiseOf(event) && !markers.has(event.marker))
    const seqOf = ({ result }: Handed) => (result && 'seq' in result ? result.seq : undefined)
    const lost = absent.filter((event) => {
      const place = shed.indexOf(seqOf(event) ?? -1)
      if (place >= 0) shed.splice(place, 1)
      return place < 0
    })
    // One that was stored while its page was left has not been told its seq.
    let left = shed.length
    return lost.filter((event) => seqOf(event) !== undefined || left-- <= 0)
  }

  /** Order, gaps, repeats and contents, from the destination's own data alone. */
  function checkStreams({ sink, arrivals, isWhole, refused }: Holding): void {
    const latest = new Map<string, Map<Life, number>>()
    const batches = new Map<string, (readonly string[])[]>()
    const streams = new Map<string, Map<number, { line: Line; text: string }>>()
    const markers = new Map<string, string>()
    for (const { batchId, lines, kept } of arrivals) {
      if (!kept) continue
      const own = lines.map(withoutReceived)
      const versions = batches.get(batchId) ?? []
      if (versions.some((version) => version.join('\n') === own.join('\n'))) {
        // A profile that is restored may cut the same batch anew on another day of its clock, and objects lie by that day.
        if (!forks || !disorder) violate('G8', `${sink}: ${batchId} is there twice`)
        continue
      }
      if (!forks && !versions.every((version) => differsInRejected(version, own)))
        violate('G5', `${sink}: ${batchId} came with two contents`)
      batches.set(batchId, [...versions, own])
      const streamId = batchId.slice(0, batchId.indexOf(':'))
      const stream = streams.get(streamId) ?? new Map<number, { line: Line; text: string }>()
      streams.set(streamId, stream)
      const due = stream.size + 1
      const first = parse(lines)[0]?.seq ?? 0
      if (first > due && isWhole) violate('G6', `${sink}: ${batchId} came when seq ${due} was due`)
      else if (stream.has(first) && versions.length === 0 && !forks && !isHalved(batchId))
        violate('G8', `${sink}: ${batchId} repeats seq ${first} under another id`)
      for (const [index, line] of parse(lines).entries()) {
        const { seq, through = seq, type, reason, properties } = line
        const text = withoutReceived(lines[index] as string)
        const known = stream.get(seq)
        const differs = known && type !== 'rejected' && known.line.type !== 'rejected' && known.text !== text
        if (differs && !forks) violate('G4', `${sink}: seq ${seq} of ${streamId} is there with two contents`)
        for (let one = seq; one <= through; one++) stream.set(one, { line, text })
        const mayBeRejected = reason === 'refused_by_sink' ? refused.has(placeOf(line)) : isLarge(line)
        if (type === 'rejected' && !mayBeRejected) {
          violate('G9', `${sink}: seq ${seq} of ${streamId} was rejected for ${reason}, and nothing was wrong with it`)
        }
        if (reason === 'damaged' && !forks) violate('G3', `${sink}: seq ${seq} of ${streamId} was found damaged`)
        const marker = properties?.marker
        const place = placeOf(line)
        if (type !== 'track' || !marker) continue
        if (markers.has(marker) && markers.get(marker) !== place && !forks && !repeats) {
          violate('G2', `${sink}: ${marker} is there as ${markers.get(marker)} and as ${place}`)
        }
        markers.set(marker, place)
        const event = events.get(marker)
        // A best-effort sink may be brought a batch late, or never.
        if (event && !known && !disorder && !forks && isWhole) {
          const before = latest.get(streamId) ?? new Map<Life, number>()
          const number = Number(marker.slice(1))
          if (number < (before.get(event.life) ?? 0))
            violate('G6', `${sink}: ${marker} came after what its page tracked later`)
          latest.set(streamId, before.set(event.life, number))
        }
        if (event?.result?.status === 'dropped') violate('G9', `${sink}: ${marker} was dropped and is there`)
      }
      const last = Math.max(...stream.keys())
      if (stream.size !== last && isWhole)
        violate('G4', `${sink}: ${streamId} holds ${stream.size} of ${last} seqs with ${batchId}`)
    }
    if (!forks && isWhole) for (const [streamId, stream] of streams) checkState(sink, streamId, stream)
  }

  /** Other batches that have left the device with some of these seqs. */
  const overlapping = ({ batchId, streamId, first, last }: Range & { batchId: string }) =>
    [...presented.keys()].filter((id) => {
      const whole = parseBatchId(id)
      return id !== batchId && whole.streamId === streamId && whole.first <= last && whole.last >= first
    })
  /** Whether it comes in halves, or has, since it was refused for its size. */
  const isHalved = (batchId: string) =>
    halvable.has(batchId) || overlapping({ batchId, ...parseBatchId(batchId) }).every((id) => halvable.has(id))

  /** A cut is redrawn on one word only. */
  function checkRedrawing(header: BatchHeader): void {
    const whole = overlapping(header).find((id) => !halvable.has(id))
    if (whole && !forks)
      violate('G5', `${header.batchId} leaves the device, and nobody had refused ${whole} for its size`)
  }

  /** Whether any collector had a reason to reject it. */
  const isLarge = (line: Line) =>
    line.reason === 'event_too_large' && (sizes.get(placeOf(line)) ?? 0) > LEAST_EVENT_BYTES

  /** What has accumulated counts each event once, and what a release to come has accumulated is carried through. */
  function checkState(sink: string, streamId: string, stream: Map<number, { line: Line }>): void {
    let latest = 0
    /** What the stream began with. */
    let before: number | undefined
    for (let seq = 1; seq <= stream.size; seq++) {
      const { type, state } = stream.get(seq)?.line ?? {}
      if (type === 'shed' || type === 'rejected') continue
      const counted = (state?.visitor?.events ?? 0) - seq
      before ??= counted
      if (counted !== before)
        violate(
          'G4',
          `${sink}: seq ${seq} of ${streamId} counts ${counted + seq} events where ${before + seq} were tracked`,
        )
      const future = state?.future ?? 0
      if (future < latest)
        violate('G4', `${sink}: seq ${seq} of ${streamId} has lost what a release to come had accumulated`)
      latest = future
    }
  }

  /** Nothing links two people, and nobody is taken for who was here before. */
  function checkPerson({ anonymousId, monotonic, properties }: Line): void {
    if (!anonymousId || forks) return
    const event = events.get(properties?.marker ?? '')
    if (!event) return
    // One person can have two ids: a page that can't read the store keeps its own events in memory, as somebody.
    const owner = owners.get(monotonic?.boot ?? '') ?? { anonymousId, partings: event.partings }
    if (monotonic) owners.set(monotonic.boot, owner)
    if (owner.anonymousId !== anonymousId && owner.partings !== event.partings)
      violate('G12', `the clock ${monotonic?.boot} is of ${owner.anonymousId} and of ${anonymousId}`)
    if (disorder) return
    const people = latestAs.get(event.life) ?? new Map<string, number>()
    const before = people.get(anonymousId) ?? event.resets
    latestAs.set(event.life, people.set(anonymousId, event.resets))
    if (before !== event.resets)
      violate('G12', `${event.marker} is of ${anonymousId}, and its page has reset the person in between`)
  }

  /** Nothing but what left a device is seen, however often a collector died over it. */
  function checkOrigins({ sink, arrivals }: Holding): void {
    for (const { batchId, lines } of arrivals) {
      const contents = [...(presented.get(batchId) ?? [])].map(toLines)
      if (!contents.some((client) => isOf(lines, client)))
        violate('G11', `${sink}: ${batchId} came with lines that no page has presented under this id`)
    }
  }

  /** A stream that was rolled back and went on differently shows in the destination's own data. */
  function checkForks({ sink, arrivals, isWhole, keepsForks }: Holding): void {
    if (!isWhole || !keepsForks) return
    const held = new Map<string, Set<string>>()
    /** Of what was rejected both times nothing is left to compare. */
    const tombstones = new Set<string>()
    for (const { lines, kept } of arrivals) {
      if (!kept) continue
      for (const [index, line] of parse(lines).entries()) {
        if (line.type === 'rejected') tombstones.add(placeOf(line))
        else addTo(held, placeOf(line), withoutReceived(lines[index] as string))
      }
    }
    for (const [place, contents] of recorded) {
      const isShown = tombstones.has(place) || (held.get(place)?.size ?? 0) > 1
      if (contents.size > 1 && !isShown) violate('G4', `${sink}: ${place} has forked, and nothing there shows it`)
    }
  }

  return {
    violations,
    violate,
    get events() {
      return events.size
    },
    handed(event) {
      events.set(event.marker, { ...event, resets: resets.get(event.life) ?? 0, partings })
    },
    reset(life) {
      partings++
      resets.set(life, (resets.get(life) ?? 0) + 1)
    },
    said(marker, result) {
      const event = events.get(marker)
      if (event) event.result = result
    },
    ended(life, end, at) {
      for (const event of events.values()) {
        if (event.life !== life || event.end) continue
        event.end = end
        event.endedAt = at
      }
    },
    killed(since) {
      for (const event of events.values()) {
        // It was left behind where only a browser that goes on keeps it.
        if (event.end === 'left' && (event.endedAt ?? 0) > since) event.end = 'died'
      }
    },
    excuse(reason) {
      for (const event of events.values()) event.excuse ??= reason
    },
    forbid(at, from, life) {
      partings++
      if (disorder) return
      for (const event of events.values())
        if (event.at < at && (life ?? event.life) === event.life) event.unwantedFrom ??= from
    },
    checkEmptied(text) {
      for (const [, marker = ''] of text.matchAll(/\bmarker\W+(e\d+)/g)) {
        if (events.get(marker)?.unwantedFrom !== undefined)
          violate('G12', `${marker} lies on the device, and was to be forgotten`)
      }
    },
    allowUnwanted() {
      for (const event of events.values()) delete event.unwantedFrom
    },
    allowDisorder() {
      disorder = true
      this.allowUnwanted()
    },
    allowForks() {
      forks = true
    },
    allowRepeats() {
      repeats = true
    },
    allowHalves(batchId) {
      halvable.add(batchId)
    },
    sent(request, at) {
      const { header, rest } = readBatch(request)
      const before = presented.get(header.batchId)
      if (before?.has(rest)) return header
      if (before && !forks) violate('G5', `${header.batchId} left the device with two contents`)
      if (!before) checkRedrawing(header)
      addTo(presented, header.batchId, rest)
      const lines = toLines(rest)
      for (const [index, line] of parse(lines).entries()) {
        const place = placeOf(line)
        checkPerson(line)
        sizes.set(place, Math.max(sizes.get(place) ?? 0, Buffer.byteLength(lines[index] as string)))
        const marker = line.properties?.marker
        if (!marker) continue
        if ((header.copy || !left.has(marker)) && (events.get(marker)?.unwantedFrom ?? at) < at)
          violate('G12', `${marker} leaves the device, and was to be forgotten`)
        left.add(marker)
        addTo(placed, place, marker)
      }
      return header
    },
    answered(request, { batchId, rejected }, holdings) {
      const client = toLines(readBatch(request).rest)
      const named = rejected.map(({ seq }) => seq).join()
      for (const [index, line] of parse(client).entries()) addTo(recorded, placeOf(line), client[index] as string)
      for (const { sink, arrivals } of holdings) {
        const versions = arrivals.filter((arrival) => arrival.batchId === batchId && isOf(arrival.lines, client))
        const there = versions.filter(({ kept }) => kept)
        if (there.length === 0) {
          violate('G3', `${sink}: ${batchId} is said to be recorded, and is not there`)
        } else if (!there.some(({ lines }) => rejectedIn(lines).join() === named)) {
          // It keeps what other limits have rejected of the batch as well, and that is not what is said to be there.
          violate('G9', `${sink}: of ${batchId} other events are rejected than the answer names: ${named || 'none'}`)
        }
      }
    },
    isComplete: (holdings) => holdings.every((holding) => !holding.isWhole || missing(holding).length === 0),
    check(holdings) {
      for (const holding of holdings) {
        const lost = holding.isWhole ? missing(holding) : []
        const [first] = lost
        if (first) {
          const markers = lost.map(({ marker }) => marker).join(', ')
          violate(promiseOf(first) ?? 'G3', `${holding.sink}: ${markers} never came, and no tombstone did`)
        }
        checkStreams(holding)
        checkOrigins(holding)
        checkForks(holding)
      }
      for (const { marker, result, life, excuse, end } of events.values()) {
        if (!result && !end && life.state !== 'gone' && !excuse)
          violate('G10', `the promise of ${marker} never settled`)
        if (result?.status === 'dropped' && !excuse)
          violate('G9', `${marker} was dropped for ${result.reason}, and nothing was wrong with it`)
      }
    },
  }
}

function addTo<Item>(sets: Map<string, Set<Item>>, key: string, item: Item): void {
  const set = sets.get(key) ?? new Set()
  set.add(item)
  sets.set(key, set)
}
