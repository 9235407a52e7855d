import type { Holding } from './oracle.ts'

/** Knows which spans were started, and that each ends once. */
export interface SpanWatch {
  /** It lies on the disk. */
  started: (id: string) => void
  /** None that was started until now has to end. */
  excuse: () => void
  /** One may have gone on in two places: in memory beside the store, or on a device that went back. */
  allowRepeats: () => void
  /** @returns what did not hold, once no page has had any span open for longer than a session lasts */
  check: (holdings: readonly Holding[]) => string[]
  /** Whether there is anything to check. */
  readonly isUsed: boolean
}

interface Line {
  streamId: string
  seq: number
  through?: number
  reason?: string
  span?: { id: string }
}

export function createSpanWatch(): SpanWatch {
  const due = new Set<string>()
  let mayRepeat = false
  let isUsed = false

  function checkHolding({ sink, arrivals }: Holding): string[] {
    const lines = arrivals.flatMap(({ lines }) => lines.map((text) => JSON.parse(text) as Line))
    const places = new Map<string, Set<string>>()
    /** What gave way or was refused: nobody knows which events they were. */
    const gone = new Set<string>()
    for (const { streamId, seq, through = seq, reason, span } of lines) {
      if (reason) for (let one = seq; one <= through; one++) gone.add(`${streamId} ${one}`)
      if (span) places.set(span.id, (places.get(span.id) ?? new Set()).add(`${streamId} ${seq}`))
    }
    const missing = [...due].filter((id) => !places.has(id))
    const repeated = [...places].filter(([, { size }]) => size > 1 && !mayRepeat)
    return [
      ...(missing.length > gone.size ? [`${sink}: spans that never ended: ${missing.join(', ')}`] : []),
      ...repeated.map(([id, at]) => `${sink}: span ${id} ended ${at.size} times: ${[...at].join(', ')}`),
    ]
  }

  return {
    started(id) {
      isUsed = true
      due.add(id)
    },
    excuse: () => due.clear(),
    allowRepeats() {
      mayRepeat = true
    },
    check: (holdings) => holdings.filter(({ isWhole }) => isWhole).flatMap(checkHolding),
    get isUsed() {
      return isUsed
    },
  }
}
