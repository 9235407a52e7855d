import { type Bytes, concat } from './bytes.ts'

/** The beginning of a stream. `whole` is false when there was more than was asked for. */
export interface Beginning {
  bytes: Bytes
  whole: boolean
}

/** Reads at most `max` bytes and cancels the rest, so that no sender decides how much memory it gets. */
export async function readUpTo(stream: ReadableStream<Uint8Array>, max: number): Promise<Beginning> {
  const reader = stream.getReader()
  const parts: Uint8Array[] = []
  let room = max
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return { bytes: concat(parts), whole: true }
    parts.push(value.subarray(0, room))
    if (value.length > room) {
      // Whether the sender hears of it is its own affair.
      reader.cancel().catch(() => {})
      return { bytes: concat(parts), whole: false }
    }
    room -= value.length
  }
}
