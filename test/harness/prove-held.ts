import { parseBatchId } from './parse-batch-id.ts'

/**
 * Proves that a destination holds every event of every stream exactly once, and no other, each batch counted once: that
 * its batches are as good as their ids is another proof. Throws what is wrong, by the destination's name.
 *
 * @param batchIds what it holds after repeats of one batch id were told, in any order
 * @param streams how many events each stream has
 */
export function proveHeld(name: string, batchIds: Iterable<string>, streams: ReadonlyMap<string, number>): void {
  const wrong: string[] = []
  const held = new Map(
    [...streams.keys()].map((streamId): [string, { first: number; last: number }[]] => [streamId, []]),
  )
  for (const batchId of batchIds) {
    const { streamId, ...range } = parseBatchId(batchId)
    const ranges = held.get(streamId)
    if (ranges) ranges.push(range)
    else wrong.push(`${name} holds ${batchId}, of a stream that nobody tracks`)
  }
  for (const [streamId, ranges] of held) {
    let due = 1
    for (const { first, last } of ranges.sort((a, b) => a.first - b.first)) {
      if (first > due) wrong.push(`${name} lacks ${streamId}:${due}-${first - 1}`)
      if (first < due) wrong.push(`${name} holds ${streamId}:${first}-${Math.min(last, due - 1)} in two batches`)
      due = Math.max(due, last + 1)
    }
    const count = streams.get(streamId) ?? 0
    if (due <= count) wrong.push(`${name} lacks ${streamId}:${due}-${count}`)
    if (due > count + 1) wrong.push(`${name} holds ${streamId}:${count + 1}-${due - 1}, which nobody tracked`)
  }
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
}
