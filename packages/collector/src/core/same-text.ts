import { sameBytes } from './same-bytes.ts'

const encoder = new TextEncoder()

/** Compares two signatures. That they differ in length is told at once, and no secret; where they differ is not told. */
export function sameText(one: string, other: string): boolean {
  const [bytes, others] = [encoder.encode(one), encoder.encode(other)]
  return bytes.length === others.length && sameBytes(bytes, others)
}
