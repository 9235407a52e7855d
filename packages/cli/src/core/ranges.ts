/** Seqs from `first` to `last`, both included, and what is said of them. */
export interface Range<Label = undefined> {
  first: number
  last: number
  label: Label
}

/**
 * Adds seqs to ranges that are disjoint and in order, neighbours with the same label being one: what grows is the number
 * of gaps, not of seqs. What is there already keeps its label.
 *
 * @returns the parts that were there already, with the labels they have
 */
export function addRange<Label>(
  ranges: Range<Label>[],
  first: number,
  last: number,
  label: Label,
): readonly Range<Label>[] {
  const end = ranges.at(-1)
  if (!end || first > end.last) {
    if (end && first === end.last + 1 && label === end.label) end.last = last
    else ranges.push({ first, last, label })
    return NOTHING
  }
  const there = intersect(ranges, first, last)
  const fresh = without(there, first, last)
  if (fresh.length === 0) return there
  // Those that only touch take part as well: they may become one with what is new.
  const from = findIndex(ranges, first - 1)
  let to = from
  while (to < ranges.length && (ranges[to] as Range<Label>).first <= last + 1) to++
  const parts = [...ranges.slice(from, to), ...fresh.map((each) => ({ ...each, label }))]
  ranges.splice(from, to - from, ...join(parts.sort((one, other) => one.first - other.first)))
  return there
}

/** The parts of `first` to `last` that are in the ranges. */
export function intersect<Label>(ranges: readonly Range<Label>[], first: number, last: number): Range<Label>[] {
  const parts: Range<Label>[] = []
  for (let index = findIndex(ranges, first); index < ranges.length; index++) {
    const range = ranges[index] as Range<Label>
    if (range.first > last) break
    parts.push({ first: Math.max(first, range.first), last: Math.min(last, range.last), label: range.label })
  }
  return parts
}

/** The parts of `first` to `last` that are in none of the ranges. */
export function without(ranges: readonly Range<unknown>[], first: number, last: number): Range[] {
  const parts: Range[] = []
  let next = first
  for (const range of intersect(ranges, first, last)) {
    if (range.first > next) parts.push({ first: next, last: range.first - 1, label: undefined })
    next = range.last + 1
  }
  if (next <= last) parts.push({ first: next, last, label: undefined })
  return parts
}

/** Whether a seq is in the ranges. */
export function includes(ranges: readonly Range<unknown>[], seq: number): boolean {
  const range = ranges[findIndex(ranges, seq)]
  return range !== undefined && range.first <= seq
}

/** How many seqs there are in the ranges. */
export const countSeqs = (ranges: readonly { first: number; last: number }[]): number =>
  ranges.reduce((count, { first, last }) => count + last - first + 1, 0)

const NOTHING: readonly never[] = []

/** Of the first range that ends at the seq or after it. */
function findIndex(ranges: readonly Range<unknown>[], seq: number): number {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ranges[middle] as Range<unknown>).last < seq) low = middle + 1
    else high = middle
  }
  return low
}

function join<Label>(sorted: readonly Range<Label>[]): Range<Label>[] {
  const joined: Range<Label>[] = []
  for (const range of sorted) {
    const before = joined.at(-1)
    if (before && before.last + 1 === range.first && before.label === range.label) before.last = range.last
    else joined.push({ ...range })
  }
  return joined
}
