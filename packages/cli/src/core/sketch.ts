/**
 * How values are distributed, in as much memory as their range takes and not their number: counts of values in buckets
 * that grow by 4 %, so that a quantile is off by 2 % at most (DDSketch, https://www.vldb.org/pvldb/vol12/p2195-masson.pdf).
 */
export interface Sketch {
  /** From bucket `offset` on. */
  counts: number[]
  offset: number
  count: number
  min: number
  max: number
}

const ERROR = 0.02
const GROWTH = (1 + ERROR) / (1 - ERROR)
const LOG_GROWTH = Math.log(GROWTH)

export const emptySketch = (): Sketch => ({
  counts: [],
  offset: 0,
  count: 0,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
})

/** Adds a value: any finite number, of which what lies between -1 and 1 is told apart no further. */
export function addValue(sketch: Sketch, value: number): void {
  addToBucket(sketch, toBucket(value), 1)
  sketch.min = Math.min(sketch.min, value)
  sketch.max = Math.max(sketch.max, value)
}

/** Adds what another sketch holds. */
export function addSketch(sketch: Sketch, other: Sketch): void {
  for (const [index, count] of other.counts.entries()) if (count > 0) addToBucket(sketch, other.offset + index, count)
  sketch.min = Math.min(sketch.min, other.min)
  sketch.max = Math.max(sketch.max, other.max)
}

/** The value at or below which the share `share` (0 to 1) of all values lies; undefined when there are none. */
export function quantile(sketch: Sketch, share: number): number | undefined {
  let left = Math.max(1, Math.ceil(share * sketch.count))
  for (const [index, count] of sketch.counts.entries()) {
    left -= count
    if (left <= 0) return Math.min(sketch.max, Math.max(sketch.min, toValue(sketch.offset + index)))
  }
  return undefined
}

function addToBucket(sketch: Sketch, bucket: number, count: number): void {
  const { counts } = sketch
  if (counts.length === 0) sketch.offset = bucket
  while (sketch.offset > bucket) {
    counts.unshift(0)
    sketch.offset--
  }
  const index = bucket - sketch.offset
  while (counts.length <= index) counts.push(0)
  counts[index] = (counts[index] as number) + count
  sketch.count += count
}

function toBucket(value: number): number {
  const size = Math.abs(value)
  if (size < 1) return 0
  const bucket = Math.ceil(Math.log(size) / LOG_GROWTH) + 1
  return value < 0 ? -bucket : bucket
}

function toValue(bucket: number): number {
  if (bucket === 0) return 0
  const size = (2 * GROWTH ** (Math.abs(bucket) - 1)) / (GROWTH + 1)
  return bucket < 0 ? -size : size
}
