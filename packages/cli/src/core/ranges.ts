/** Seqs from `first` to `last`, both included, and what is said of them. */
export interface Range<Label = undefined> {
  first: number
  last: number
  label: Label
}

/**
 * Ranges that are disjoint and in order, neighbours with the same label being one: what grows is the number of gaps, not
 * of seqs. They lie in blocks, none empty, so that what comes in any order moves a block and not all that is there.
 */
export type Ranges<Label = undefined> = Range<Label>[][]

/** Ranges of a block. */
const BLOCK = 256

/**
 * Adds seqs. What is there already keeps its label.
 *
 * @returns the parts that were there already, with the labels they have
 */
export function addRange<Label>(
  ranges: Ranges<Label>,
  first: number,
  last: number,
  label: Label,
): readonly Range<Label>[] {
  const end = ranges.at(-1)?.at(-1)
  if (end && first === end.last + 1 && label === end.label) {
    end.last = last
    return NOTHING
  }
  const there = intersect(ranges, first, last)
  const fresh = without(ranges, first, last).map((each) => ({ ...each, label }))
  if (fresh.length === 0) return there
  // Those that only touch take part as well: they may become one with what is new.
  const from = Math.max(0, Math.min(findIndex(ranges, first - 1, lastOfBlock), ranges.length - 1))
  let to = Math.min(from + 1, ranges.length)
  while ((ranges[to]?.[0]?.first ?? Number.POSITIVE_INFINITY) <= last + 1) to++
  const block = to - from === 1 ? (ranges[from] as Range<Label>[]) : ranges.slice(from, to).flat()
  const start = findIndex(block, first - 1, lastOfRange)
  let stop = start
  while (stop < block.length && (block[stop] as Range<Label>).first <= last + 1) stop++
  const parts = [...block.slice(start, stop), ...fresh].sort((one, other) => one.first - other.first)
  block.splice(start, stop - start, ...join(parts))
  if (to - from !== 1 || block.length > BLOCK) ranges.splice(from, to - from, ...halve(block))
  return there
}

/** The parts of `first` to `last` that are in the ranges. */
export function intersect<Label>(ranges: Ranges<Label>, first: number, last: number): Range<Label>[] {
  const parts: Range<Label>[] = []
  let at = findIndex(ranges, first, lastOfBlock)
  let index = findIndex(ranges[at] ?? [], first, lastOfRange)
  for (; at < ranges.length; at++, index = 0) {
    for (const range of (ranges[at] as Range<Label>[]).slice(index)) {
      if (range.first > last) return parts
      parts.push({ first: Math.max(first, range.first), last: Math.min(last, range.last), label: range.label })
    }
  }
  return parts
}

/** The parts of `first` to `last` that are in none of the ranges. */
export function without(ranges: Ranges<unknown>, first: number, last: number): Range[] {
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
export const includes = (ranges: Ranges<unknown>, seq: number): boolean => intersect(ranges, seq, seq).length > 0

/** How many seqs there are in the ranges. */
export const countSeqs = (ranges: readonly { first: number; last: number }[]): number =>
  ranges.reduce((count, { first, last }) => count + last - first + 1, 0)

const NOTHING: readonly never[] = []

const lastOfRange = ({ last }: Range<unknown>) => last
const lastOfBlock = (block: readonly Range<unknown>[]) => block.at(-1)?.last as number

/** Of the first that ends at the seq or after it. */
function findIndex<Each>(sorted: readonly Each[], seq: number, lastOf: (each: Each) => number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (lastOf(sorted[middle] as Each) < seq) low = middle + 1
    else high = middle
  }
  return low
}

function halve<Each>(block: Each[]): Each[][] {
  if (block.length <= BLOCK) return [block]
  const middle = block.length >>> 1
  return [...halve(block.slice(0, middle)), ...halve(block.slice(middle))]
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
