import type { Delivery, Line } from './destination.ts'
import { parseBatchId } from './parse-batch-id.ts'

/**
 * Proves from a destination's data alone that nothing is missing: after repeats of the same batch are taken out, each
 * stream holds every seq from 1 once and in order, a tombstone standing for the seqs it covers.
 * Throws what is wrong with any stream; returns the lines of one.
 */
export function proveComplete(deliveries: readonly Delivery[], wanted: string): Line[] {
  const taken = new Map<string, string>()
  const streams = new Map<string, Line[]>()
  for (const { batchId, lines } of deliveries) {
    const content = JSON.stringify(lines.map(withoutReceived))
    const before = taken.get(batchId)
    if (before !== undefined) {
      if (before !== content) throw new Error(`${batchId} came again with other events`)
      continue
    }
    taken.set(batchId, content)

    const { streamId, first, last } = parseBatchId(batchId)
    const stream = streams.get(streamId) ?? []
    streams.set(streamId, stream)
    let expected = lastSeq(stream) + 1
    if (first !== expected) throw new Error(`${batchId} came where seq ${expected} was due`)
    for (const line of lines) {
      if (line.streamId !== streamId) throw new Error(`${batchId} holds an event of the stream ${line.streamId}`)
      if (line.seq !== expected) throw new Error(`${batchId} holds seq ${line.seq} where ${expected} was due`)
      expected = through(line) + 1
    }
    if (expected !== last + 1) throw new Error(`${batchId} ends at seq ${expected - 1}`)
    stream.push(...lines)
  }
  return streams.get(wanted) ?? []
}

/** How many seqs of a stream a destination holds, repeats counted once. Says nothing of their order. */
export function countSeqs(deliveries: readonly Delivery[], streamId: string): number {
  const batches = new Map(deliveries.map((delivery) => [delivery.batchId, delivery.lines]))
  return [...batches.values()]
    .flat()
    .filter((line) => line.streamId === streamId)
    .reduce((count, line) => count + through(line) - line.seq + 1, 0)
}

const through = (line: Line): number => ('through' in line && line.through) || line.seq

const lastSeq = (lines: Line[]): number => {
  const line = lines.at(-1)
  return line ? through(line) : 0
}

/** The collector's own member differs between two presentations; all the rest is the client's and must not. */
const withoutReceived = ({ received: _, ...line }: Line & { received?: unknown }) => line
