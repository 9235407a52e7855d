import type { CompleteEvent } from '@waybill/protocol'
import type { Bytes } from './bytes.ts'

const decoder = new TextDecoder()

/** An event among lines, and where it stands. */
export interface FoundEvent {
  index: number
  event: CompleteEvent & { received?: unknown }
}

/** The event with this seq, of lines in the order of their seqs; nothing where a tombstone or no line at all has it. */
export function findEvent(lines: readonly Bytes[], seq: number): FoundEvent | undefined {
  let from = 0
  let to = lines.length
  while (from < to) {
    const index = (from + to) >>> 1
    const event = JSON.parse(decoder.decode(lines[index]))
    if (event.seq === seq) return event.type === 'shed' || event.type === 'rejected' ? undefined : { index, event }
    if (event.seq < seq) from = index + 1
    else to = index
  }
}
