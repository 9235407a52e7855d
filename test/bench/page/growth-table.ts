import { describeMachine, type Machine } from './machine.ts'
import type { GrowthFigures } from './measure-growth.ts'
import type { Spread } from './spread.ts'

export interface GrowthResults {
  date: string
  machine: Machine & { chromium: string }
  rounds: number
  version: string
  /** By how many events wait. */
  waiting: Record<string, Record<keyof GrowthFigures, Spread>>
}

const columns: readonly { title: string; figure: keyof GrowthFigures; scale: number }[] = [
  { title: '`track` p50, µs', figure: 'trackP50', scale: 1_000 },
  { title: 'p99, µs', figure: 'trackP99', scale: 1_000 },
  { title: 'main thread to store, µs/event', figure: 'track', scale: 1_000 },
  { title: 'main thread to send, µs/event', figure: 'flush', scale: 1_000 },
  { title: 'elapsed to send, µs/event', figure: 'flushElapsed', scale: 1_000 },
  { title: 'heap, KB', figure: 'heap', scale: 1 / 1_000 },
  { title: 'heap afterwards, KB', figure: 'heapAfter', scale: 1 / 1_000 },
]

/** A line for each number of events that wait. */
export function toGrowthTable({ date, machine, rounds, waiting }: GrowthResults): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    `Measured ${date}: ${describeMachine(machine)}, Chromium ${machine.chromium}; medians of ${rounds} interleaved rounds.`,
    '',
    row(['events waiting', ...columns.map(({ title }) => title)]),
    row(['---', ...columns.map(() => '---')]),
    ...Object.entries(waiting).map(([count, figures]) =>
      row([
        Number(count).toLocaleString('en'),
        ...columns.map(({ figure, scale }) => toText(figures[figure].median * scale)),
      ]),
    ),
  ].join('\n')
}

/** How much more an event may cost with the most that wait than with none. */
const MOST_GROWTH = 1.25

/** What is to be as it is where nothing waits, and whether it is, in words. */
export function toGrowthTargets({ waiting }: GrowthResults): string[] {
  const counts = Object.keys(waiting)
  const [none, most] = [counts[0] ?? '', counts.at(-1) ?? '']
  const judge = (words: string, figure: keyof GrowthFigures, scale: number) => {
    const [before, after] = [none, most].map((count) => (waiting[count]?.[figure].median ?? Number.NaN) * scale)
    const growth = (after as number) / (before as number)
    return `${growth <= MOST_GROWTH ? 'Reached' : 'MISSED'}: ${words} with ${most} waiting at most ${MOST_GROWTH} times as with ${none}: ${toText(after as number)}, ${toText(before as number)}`
  }
  return [
    judge('main thread to store an event, µs,', 'track', 1_000),
    judge('main thread to send an event, µs,', 'flush', 1_000),
    judge('heap when the page has started, KB,', 'heap', 1 / 1_000),
    judge('heap afterwards, KB,', 'heapAfter', 1 / 1_000),
  ]
}

const toText = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(2)))
