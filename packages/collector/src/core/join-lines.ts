import { type Bytes, concat, LF } from './bytes.ts'

const encoder = new TextEncoder()

/** Lines as NDJSON, each ended by an LF. Those that lie so in memory, as `enrich` lays them, are not copied. */
export const toNdjson = (lines: readonly Bytes[]): Bytes =>
  findRun(lines) ?? concat(lines.flatMap((line) => [line, Uint8Array.of(LF)]))

/** The memory of lines of which each begins behind the LF of the one before. */
function findRun(lines: readonly Bytes[]): Bytes | undefined {
  const [first] = lines
  if (!first) return
  const { buffer, byteOffset: begin } = first
  const bytes = new Uint8Array(buffer)
  let end = begin
  for (const line of lines) {
    if (line.buffer !== buffer || line.byteOffset !== end) return
    end += line.length + 1
    if (bytes[end - 1] !== LF) return
  }
  return bytes.subarray(begin, end)
}

/** Lines as one JSON array. Their bytes are joined, not written anew. */
export function toJsonArray(lines: readonly Bytes[]): Bytes {
  const comma = encoder.encode(',')
  const members = lines.flatMap((line, index) => (index === 0 ? [line] : [comma, line]))
  return concat([encoder.encode('['), ...members, encoder.encode(']')])
}
