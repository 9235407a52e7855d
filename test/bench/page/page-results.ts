import type { Machine } from './machine.ts'
import type { PageFigures } from './measure-page.ts'
import type { PeerName } from './peers.ts'
import type { Load } from './prepare-page.ts'
import { type Spread, toSpread } from './spread.ts'

export type Figure = keyof PageFigures

/** One SDK over all rounds. */
export interface PeerResults {
  package: string
  version: string
  keeps: string
  settings: object
  /** Why there are no figures. */
  failed?: string
  /** Minified and gzipped, with the ten lines that call it. */
  bundleBytes: number
  figures?: Record<Figure, Spread>
  /** In times of Waybill's in the same round. */
  ratios?: Record<Figure, Spread>
}

export interface PageResults {
  date: string
  machine: Machine & { chromium: string }
  rounds: number
  load: Load
  peers: Partial<Record<PeerName, PeerResults>>
  /** The page and its load with a call that does nothing. */
  nothing: Record<Figure, Spread>
  /** Waybill with 10,000 events that wait when the page opens: figures for each of the 11,000. */
  backlog: Record<Figure, Spread>
}

const figures = [
  'startUp',
  'trackP50',
  'trackP99',
  'mainThread',
  'script',
  'longTasks',
  'longTasksByCpu',
  'longestTask',
  'heap',
  'requests',
  'bytes',
] as const satisfies readonly Figure[]

export const toSpreads = (runs: readonly PageFigures[]): Record<Figure, Spread> =>
  Object.fromEntries(figures.map((figure) => [figure, toSpread(runs.map((run) => run[figure]))])) as Record<
    Figure,
    Spread
  >

/** Round by round, so that what the machine did meanwhile is in both. */
export const toRatios = (runs: readonly PageFigures[], base: readonly PageFigures[]): Record<Figure, Spread> =>
  Object.fromEntries(
    figures.map((figure) => [
      figure,
      toSpread(runs.map((run, round) => run[figure] / (base[round]?.[figure] ?? Number.NaN))),
    ]),
  ) as Record<Figure, Spread>
