import { median } from '../median.ts'

/** What several rounds came to: the noise is what lies between the lowest and the highest. */
export interface Spread {
  median: number
  low: number
  high: number
}

export function toSpread(values: readonly number[]): Spread {
  return { median: round(median(values)), low: round(Math.min(...values)), high: round(Math.max(...values)) }
}

/** To four digits: more than any of it can be known to. */
const round = (value: number): number => Number(value.toPrecision(4))
