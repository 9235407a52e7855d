import { printable } from './printable.ts'
import type { Members, ReadLine } from './read-line.ts'
import type { Remark } from './report.ts'

/** What is known of a stream or a session from its latest event alone. */
export interface LatestState {
  streamId: string
  /** Of the latest event: the one with the highest seq. */
  seq: number
  timestamp: string
  /** The event's type, and its name if it has one. */
  type: string
  event?: string
  anonymousId?: string
  userId?: string
  /** What had accumulated when the event was stamped, by accumulator; the event's own JSON. */
  state: Members
}

export interface LatestStates {
  addLine(text: string, file: string, line: number): void
  /** In the order of their first lines. */
  list(): Iterable<LatestState>
}

/** By what the latest states are told apart. */
export const groupings = ['stream', 'session'] as const
export type Grouping = (typeof groupings)[number]

export interface LatestStatesParts {
  by: Grouping
  readLine: ReadLine
  remark: (remark: Remark) => void
}

/**
 * Keeps the latest event's state of each stream or session: each event carries all of it, so nothing is joined. Of two events
 * with the same seq the first counts. Events without a session are left out where sessions are asked for.
 */
export function createLatestStates({ by, readLine, remark }: LatestStatesParts): LatestStates {
  const latest = new Map<string, { seq: number; text: string }>()

  function add(members: Members): void {
    const { streamId, seq, timestamp, type, event, name, anonymousId, userId } = members
    const state = isObject(members.state) ? members.state : {}
    const group = by === 'stream' ? streamId : isObject(state.session) ? state.session.id : undefined
    if (typeof group !== 'string' || (latest.get(group)?.seq ?? 0) >= (seq as number)) return
    // As text: an event's parsed members would keep all of them in memory.
    const text = JSON.stringify({ streamId, seq, timestamp, type, event: event ?? name, anonymousId, userId, state })
    latest.set(group, { seq: seq as number, text })
  }

  return {
    addLine(text, file, line) {
      if (text.trim() === '') return
      for (const each of readLine(text)) {
        if ('detail' in each) remark({ kind: each.kind, file, line, detail: each.detail })
        else if (each.kind === 'event') add(each.members)
      }
    },
    *list() {
      for (const { text } of latest.values()) yield JSON.parse(text) as LatestState
    },
  }
}

/** A latest state for people. */
export function renderState(latest: LatestState): string {
  const { streamId, seq, timestamp, type, event, anonymousId, userId, state } = latest
  const name = [type, ...(event === undefined ? [] : [JSON.stringify(event)])].join(' ')
  const person = Object.entries({ anonymousId, userId }).flatMap(([key, value]) => (value ? [`${key} ${value}`] : []))
  const width = Math.max(...Object.keys(state).map((each) => each.length))
  return printableLines([
    [`${streamId} seq ${seq}`, timestamp, name, ...person].join('  '),
    ...Object.entries(state).map(([each, value]) => `  ${each.padEnd(width)}  ${JSON.stringify(value)}`),
  ])
}

const printableLines = (lines: readonly string[]): string => lines.map((line) => `${printable(line)}\n`).join('')

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
