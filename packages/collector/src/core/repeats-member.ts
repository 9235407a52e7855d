import type { Bytes } from './bytes.ts'

const QUOTE = 0x22
const COLON = 0x3a
const BACKSLASH = 0x5c

/**
 * Whether a JSON text names a member twice in one object, however each is written. `value` is what was parsed of it:
 * there the last of them has won, while whoever reads the same bytes may take the first. The text has a colon for each
 * member and the value has a member for each name, so the counts differ. Neither count recurses: depth costs no stack.
 */
export const repeatsMember = (text: Bytes, value: unknown): boolean => countColons(text) !== countMembers(value)

/** Those between texts. No byte of a longer UTF-8 character looks like one that is looked for here. */
function countColons(text: Bytes): number {
  let count = 0
  let quoted = false
  for (let index = 0; index < text.length; index++) {
    const byte = text[index]
    if (byte === QUOTE) quoted = !quoted
    else if (quoted && byte === BACKSLASH) index++
    else if (!quoted && byte === COLON) count++
  }
  return count
}

function countMembers(value: unknown): number {
  let count = 0
  const left = [value]
  while (left.length > 0) {
    const each = left.pop()
    if (typeof each !== 'object' || each === null) continue
    const members: unknown[] = Object.values(each)
    if (!Array.isArray(each)) count += members.length
    for (const member of members) left.push(member)
  }
  return count
}
