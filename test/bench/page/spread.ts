/** What several rounds came to: the noise is what lies between the lowest and the highest. */
export interface Spread {
  median: number
  low: number
  high: number
}

export function toSpread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const median = ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
  return { median: round(median), low: round(sorted[0] ?? Number.NaN), high: round(sorted.at(-1) ?? Number.NaN) }
}

/** To four digits: more than any of it can be known to. */
const round = (value: number): number => Number(value.toPrecision(4))
