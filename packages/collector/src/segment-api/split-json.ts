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

/** JSON without the white space between its tokens: one line, and the same for a repeat that is laid out otherwise. */
export function compactJson(json: Bytes): Bytes {
  const compact = new Uint8Array(json.length)
  let length = 0
  let quoted = false
  for (let index = 0; index < json.length; index++) {
    const byte = json[index] as number
    if (!quoted && SPACE.has(byte)) continue
    compact[length++] = byte
    if (byte === QUOTE) quoted = !quoted
    else if (quoted && byte === BACKSLASH && index + 1 < json.length) compact[length++] = json[++index] as number
  }
  return compact.subarray(0, length)
}

interface Parts {
  parts: Bytes[]
  /** Whether the brackets are of one array, or of one object. If not, the last part may be anything. */
  whole: boolean
}

/**
 * The elements of an array, or the members of an object with their names and colons, as views of the same memory. Takes
 * compact JSON, and looks at nothing but where its parts end: one that is no JSON does not spoil its neighbours.
 */
function splitParts(json: Bytes, open: '[' | '{'): Parts {
  const parts: Bytes[] = []
  if (json[0] !== open.charCodeAt(0)) return { parts, whole: false }
  let depth = 0
  let quoted = false
  let from = 1
  for (let index = 0; index < json.length; index++) {
    const byte = json[index] as number
    if (byte === QUOTE) quoted = !quoted
    else if (quoted) index += byte === BACKSLASH ? 1 : 0
    else if (OPEN.has(byte)) depth += 1
    else if (byte === COMMA && depth === 1) {
      parts.push(json.subarray(from, index))
      from = index + 1
    } else if (CLOSE.has(byte) && --depth === 0) {
      if (parts.length > 0 || index > from) parts.push(json.subarray(from, index))
      return { parts, whole: index === json.length - 1 }
    }
  }
  return { parts: [...parts, json.subarray(from)], whole: false }
}

export function splitElements(array: Bytes): Bytes[] | undefined {
  const { parts, whole } = splitParts(array, '[')
  return whole ? parts : undefined
}

/** The members of an object, or nothing where one of them has no name. */
export function splitMembers(object: Bytes): Member[] | undefined {
  const { parts, whole } = splitParts(object, '{')
  const members = parts.map(splitMember)
  return whole && members.every((member) => member !== undefined) ? members : undefined
}

/** The value of the one member of this name, in an object of which the rest may be spoilt or missing. */
export function findValue(object: Bytes, name: string): unknown {
  const [member, another] = splitParts(object, '{')
    .parts.map(splitMember)
    .filter((member) => member?.name === name)
  return member && !another ? parseJson(member.value) : undefined
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
