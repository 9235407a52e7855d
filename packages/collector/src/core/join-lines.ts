import { type Bytes, concat } from './bytes.ts'

const encoder = new TextEncoder()

/** Lines as NDJSON, each ended by an LF. */
export function toNdjson(lines: readonly Bytes[]): Bytes {
  const lf = encoder.encode('\n')
  return concat(lines.flatMap((line) => [line, lf]))
}

/** Lines as one JSON array. Their bytes are joined, not written anew. */
export function toJsonArray(lines: readonly Bytes[]): Bytes {
  const comma = encoder.encode(',')
  const members = lines.flatMap((line, index) => (index === 0 ? [line] : [comma, line]))
  return concat([encoder.encode('['), ...members, encoder.encode(']')])
}
