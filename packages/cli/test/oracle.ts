/** What stands at one place of a sink's data, as the generator knows it: no text was parsed to get it. */
export interface Entry {
  stream: number
  kind: 'event' | 'shed' | 'rejected'
  seq: number
  through: number
  /** Of an event: which of its contents. Of a tombstone: its reason. */
  content: string
  batchFirst: number
  batchLast: number
  /** received.at less timestamp */
  lag: number
}

/** What there is to say of a stream, by somebody with all the memory in the world. */
export interface Truth {
  held: number[]
  explained: Record<number, string>
  missing: Record<number, 'line' | 'batch'>
  forked: number[]
  repeats: { batches: number; events: number; eventsInOtherBatch: number }
  rejectedAndHeld: number
  late: number
  lags: number[]
}

/** Keeps everything in Maps, seq by seq, and is plainly right or plainly wrong. */
export function tellTruth(entries: readonly Entry[]): Truth {
  const seqs = new Map<number, Entry[]>()
  const claimed = new Set<number>()
  const lags: number[] = []
  let late = 0
  let highest = 0
  for (const entry of entries) {
    if (!seqs.has(entry.seq)) {
      if (entry.seq < highest) late++
      if (entry.kind === 'event') lags.push(entry.lag)
    }
    highest = Math.max(highest, entry.through)
    for (let seq = entry.seq; seq <= entry.through; seq++) seqs.set(seq, [...(seqs.get(seq) ?? []), entry])
    for (let seq = entry.batchFirst; seq <= entry.batchLast; seq++) claimed.add(seq)
  }

  const truth: Truth = {
    held: [],
    explained: {},
    missing: {},
    forked: [],
    repeats: { batches: 0, events: 0, eventsInOtherBatch: 0 },
    rejectedAndHeld: 0,
    late,
    lags,
  }
  for (let seq = 1; seq <= Math.max(0, ...seqs.keys(), ...claimed); seq++) {
    const here = seqs.get(seq) ?? []
    const tombstones = here.filter(({ kind }) => kind !== 'event')
    const [tombstone] = tombstones
    if (here.length > tombstones.length) {
      truth.held.push(seq)
      if (tombstone?.kind === 'rejected') truth.rejectedAndHeld++
    } else if (tombstone) truth.explained[seq] = `${tombstone.kind}: ${tombstone.content}`
    else truth.missing[seq] = claimed.has(seq) ? 'line' : 'batch'

    const said = here.filter(({ kind }) => kind !== 'rejected')
    const isSame = (entry: Entry) => entry.kind === said[0]?.kind && entry.content === said[0]?.content
    // Among tombstones the one that came first stands, whatever it was; with an event among them, the first content.
    const shedOnly = tombstones.filter((entry) => entry.kind === 'shed' && entry.content !== tombstone?.content)
    const twoReasons = tombstone?.kind === 'shed' && shedOnly.length > 0
    const isEvent = ({ kind }: Entry) => kind === 'event'
    if (twoReasons || said.some((entry) => !isSame(entry) && (isEvent(entry) || isEvent(said[0] as Entry)))) {
      truth.forked.push(seq)
    }

    const lines = here.filter((entry) => entry.seq === seq && (entry.kind === 'rejected' || isSame(entry)))
    let line: Entry | undefined
    for (const each of lines) {
      const isSameBatch = each.batchFirst === line?.batchFirst && each.batchLast === line.batchLast
      if (isSameBatch && seq === each.batchFirst) truth.repeats.batches++
      if (line?.kind === 'event' && each.kind === 'event') {
        truth.repeats.events++
        if (!isSameBatch) truth.repeats.eventsInOtherBatch++
      }
      if (!line || (line.kind !== 'event' && each.kind === 'event')) line = each
    }
  }
  return truth
}
