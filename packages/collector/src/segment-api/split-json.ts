import { type Bytes, concat } from '../core/bytes.ts'
import { decodeUtf8 } from '../core/decode-utf8.ts'

/** A member of an object as it is written, its name apart. Numbers stay what they were: a parser would round some. */
export interface Member {
  name: string
  value: Bytes
}

const encoder = new TextEncoder()
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN = new Set([0x5b, 0x7b])
const CLOSE = new Set([0x5d, 0x7d])
const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d])
/** What ends a number or a name beside it. */
const BOUNDS = new Set([QUOTE, COMMA, COLON, ...OPEN, ...CLOSE])

/**
 * JSON without the white space between its tokens: one line, and the same for a repeat that is laid out otherwise. What
 * would become another text without it, as `4 2` would, keeps one space, and is no JSON as before.
 */
export function compactJson(json: Bytes): Bytes {
  const compact = new Uint8Array(json.length)
  let length = 0
  let quoted = false
  let spaced = false
  for (let index = 0; index < json.length; index++) {
    const byte = json[index] as number
    if (!quoted && SPACE.has(byte)) {
      spaced = true
      continue
    }
    if (spaced && length > 0 && !BOUNDS.has(byte) && !BOUNDS.has(compact[length - 1] as number))
      compact[length++] = 0x20
    spaced = false
    compact[length++] = byte
    if (byte === QUOTE) quoted = !quoted
    else if (quoted && byte === BACKSLASH && index + 1 < json.length) compact[length++] = json[++index] as number
  }
  return compact.subarray(0, length)
}

/**
 * The elements of an array, or the members of an object with their names and colons, as views of the same memory, one after
 * the other: who looks at no more of them has no more of them made. Takes compact JSON, and looks at nothing but where its
 * parts end: one that is no JSON does not spoil its neighbours.
 *
 * @returns whether the brackets are of one array, or of one object. If not, the last part may be anything.
 */
function* eachPart(json: Bytes, open: '[' | '{'): Generator<Bytes, boolean> {
  if (json[0] !== open.charCodeAt(0)) return false
  const close = open === '[' ? 0x5d : 0x7d
  let depth = 0
  let quoted = false
  let from = 1
  for (let index = 0; index < json.length; index++) {
    const byte = json[index] as number
    if (byte === QUOTE) quoted = !quoted
    else if (quoted) index += byte === BACKSLASH ? 1 : 0
    else if (OPEN.has(byte)) depth += 1
    else if (byte === COMMA && depth === 1) {
      yield json.subarray(from, index)
      from = index + 1
    } else if (CLOSE.has(byte) && --depth === 0) {
      if (from > 1 || index > from) yield json.subarray(from, index)
      return index === json.length - 1 && byte === close
    }
  }
  yield json.subarray(from)
  return false
}

/** Nothing for what is no array. Of one with more than `max` elements, one above it. */
export function splitElements(array: Bytes, max: number = Number.POSITIVE_INFINITY): Bytes[] | undefined {
  const elements: Bytes[] = []
  const parts = eachPart(array, '[')
  for (;;) {
    const { done, value } = parts.next()
    if (done) return value ? elements : undefined
    elements.push(value)
    if (elements.length > max) return elements
  }
}

/** The members of an object, or nothing where one of them has no name. */
export function splitMembers(object: Bytes): Member[] | undefined {
  const members: Member[] = []
  const parts = eachPart(object, '{')
  for (;;) {
    const { done, value } = parts.next()
    if (done) return value ? members : undefined
    const member = splitMember(value)
    if (!member) return
    members.push(member)
  }
}

/** The value of the one member of this name, in an object of which the rest may be spoilt or missing. */
export function findValue(object: Bytes, name: string): unknown {
  let found: Member | undefined
  for (const part of eachPart(object, '{')) {
    const member = splitMember(part)
    if (member?.name !== name) continue
    if (found) return
    found = member
  }
  return found && parseJson(found.value)
}

/** Whether two members have one name: readers differ on which of them counts. */
export const repeatsName = (members: readonly Member[]): boolean =>
  new Set(members.map(({ name }) => name)).size < members.length

function splitMember(part: Bytes): Member | undefined {
  let end = 1
  while (end < part.length && part[end] !== QUOTE) end += part[end] === BACKSLASH ? 2 : 1
  if (part[end + 1] !== COLON) return
  const name = parseJson(part.subarray(0, end + 1))
  return typeof name === 'string' ? { name, value: part.subarray(end + 2) } : undefined
}

/** An object of these members. */
export function joinMembers(members: readonly Member[]): Bytes {
  const parts = members.flatMap(({ name, value }, index) => [
    encoder.encode(`${index === 0 ? '' : ','}${JSON.stringify(name)}:`),
    value,
  ])
  return concat([encoder.encode('{'), ...parts, encoder.encode('}')])
}

/** A member whose value is not the client's own text. */
export const toMember = (name: string, value: string | number): Member => ({
  name,
  value: encoder.encode(JSON.stringify(value)),
})

/** The value, or `undefined`, which is none, when this is not JSON. */
export function parseJson(json: Bytes): unknown {
  const text = decodeUtf8(json)
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
