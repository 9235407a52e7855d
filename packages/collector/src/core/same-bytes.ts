import type { Bytes } from './bytes.ts'

/** Compares bytes of one length, hashes as a rule. Looks at every byte, wherever they first differ, so that the time taken tells nothing. */
export function sameBytes(one: Bytes, other: Bytes): boolean {
  let difference = 0
  for (let index = 0; index < one.length; index++) difference |= (one[index] ?? 0) ^ (other[index] ?? 0)
  return difference === 0
}
