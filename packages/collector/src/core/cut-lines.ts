import type { Bytes } from './bytes.ts'

/**
 * Lines in runs of at most `max` bytes, each line counted with its LF, in order and as few as that allows. A line that is
 * longer by itself is a run by itself.
 */
export function cutLines(lines: readonly Bytes[], max: number): Bytes[][] {
  const runs: Bytes[][] = []
  let room = 0
  for (const line of lines) {
    const needed = line.length + 1
    if (needed > room || runs.length === 0) {
      runs.push([])
      room = max
    }
    runs.at(-1)?.push(line)
    room -= needed
  }
  return runs
}
