import { type Bytes, LF } from './bytes.ts'

/** Told of each member of the outermost object: from where to where its name is, and its value. */
export type OnMember = (name: number, nameEnd: number, value: number, valueEnd: number) => void

const [QUOTE, BACKSLASH, COMMA, COLON, SPACE] = [0x22, 0x5c, 0x2c, 0x3a, 0x20]
const [OBJECT, OBJECT_END, ARRAY, ARRAY_END] = [0x7b, 0x7d, 0x5b, 0x5d]
const [MINUS, PLUS, POINT, ZERO, ONE, NINE] = [0x2d, 0x2b, 0x2e, 0x30, 0x31, 0x39]
const [LOWER, E, U, A, F] = [0x20, 0x65, 0x75, 0x61, 0x66]
const LAST_OF_ASCII = 0x7f

const encoder = new TextEncoder()
const words = ['true', 'false', 'null'].map((word) => encoder.encode(word))
const escapes = encoder.encode('"\\/bfnrt')
const prototype = encoder.encode('__proto__')

/** Levels of nesting that are followed, of objects and arrays. */
export const LEVELS = 32
/** Names in one object: a line that has more is parsed. It bounds how often names are compared. */
const NAMES = 32
/**
 * Bytes of names that may still be compared beyond their last ones: no more than the names of the line have. A line made so
 * that its names differ in their first bytes alone is parsed.
 */
let spare = 0

// What is open while a line is scanned, which is done before another begins. Of each level: how many names its object has,
// or that it is an array; and from where to where each name is.
const counts = new Int32Array(LEVELS)
const begins = new Int32Array(LEVELS * NAMES)
const ends = new Int32Array(LEVELS * NAMES)
const NO_OBJECT = -1

/** Where a line ends that is not JSON, or is unusual. */
export const NOWHERE = -1

/**
 * Goes once through a line that is one object in JSON (RFC 8259) as `JSON.stringify` writes it, with no space between its
 * tokens and no escapes in its names. Nothing is built of what it says.
 *
 * @param lines the line and others, each ended by an LF, which the last may do without
 * @param from where the line begins
 * @param levels how deep it may be, at most `LEVELS`
 * @param onMember told of each as it is passed, before it is known whether the line has a fault behind it
 * @returns where the line ends, which is at its LF; `NOWHERE` for any other line, of whose faults this says nothing, and for
 *   one that has a name twice in one object, a name `__proto__`, more than 32 names in one object, or names so alike that it
 *   takes long to tell them apart
 */
export function scanLine(lines: Bytes, from: number, levels: number, onMember: OnMember): number {
  if (lines[from] !== OBJECT) return NOWHERE
  spare = 0
  let at = from
  let level = -1
  for (;;) {
    // A value begins here.
    const first = lines[at]
    if (first === OBJECT || first === ARRAY) {
      if (++level === levels) return NOWHERE
      counts[level] = first === OBJECT ? 0 : NO_OBJECT
      at++
      if (lines[at] !== (first === OBJECT ? OBJECT_END : ARRAY_END)) {
        if (first === OBJECT) at = passName(lines, at, level)
        if (at === NOWHERE) return NOWHERE
        continue
      }
      at++
      level--
    } else {
      at = passScalar(lines, at)
      if (at === NOWHERE) return NOWHERE
    }
    // It has ended, and so may those around it.
    for (;;) {
      if (level < 0) return lines[at] === LF || at === lines.length ? at : NOWHERE
      if (level === 0) tellMember(at, onMember)
      const byte = lines[at++]
      const isObject = counts[level] !== NO_OBJECT
      if (byte === COMMA) {
        if (isObject) at = passName(lines, at, level)
        if (at === NOWHERE) return NOWHERE
        break
      }
      if (byte !== (isObject ? OBJECT_END : ARRAY_END)) return NOWHERE
      level--
    }
  }
}

function tellMember(end: number, onMember: OnMember): void {
  const last = (counts[0] as number) - 1
  const nameEnd = ends[last] as number
  // Its quote and the colon are between.
  onMember(begins[last] as number, nameEnd, nameEnd + 2, end)
}

/** Whether this text is what the lines have from here to there. */
export function isText(text: Bytes, lines: Bytes, from: number, to: number): boolean {
  const { length } = text
  if (to - from !== length) return false
  for (let index = 0; index < length; index++) if (lines[from + index] !== text[index]) return false
  return true
}

// Each of the following says where its part of the line ends. Beyond the line is an LF or no byte, which fits nothing.

/** A name of the innermost object and its colon. */
function passName(lines: Bytes, at: number, level: number): number {
  if (lines[at] !== QUOTE) return NOWHERE
  const from = at + 1
  const end = passText(lines, from, false)
  const to = end - 1
  const count = counts[level] as number
  if (end === NOWHERE || lines[end] !== COLON || count === NAMES || isText(prototype, lines, from, to)) return NOWHERE
  const first = level * NAMES
  spare += to - from
  for (let index = first; index < first + count; index++) {
    if (isSame(lines, begins[index] as number, ends[index] as number, from, to) || spare < 0) return NOWHERE
  }
  begins[first + count] = from
  ends[first + count] = to
  counts[level] = count + 1
  return end + 1
}

/** Whether two names are the same. Most differ in their lengths or ends. */
function isSame(lines: Bytes, from: number, to: number, otherFrom: number, otherTo: number): boolean {
  const length = to - from
  if (otherTo - otherFrom !== length) return false
  let index = length - 1
  while (index >= 0 && lines[from + index] === lines[otherFrom + index]) index--
  spare -= length - 1 - index
  return index < 0
}

function passScalar(lines: Bytes, at: number): number {
  const first = lines[at] as number
  if (first === QUOTE) return passText(lines, at + 1, true)
  if (first <= NINE) return passNumber(lines, at)
  return passWord(lines, at)
}

/** What is between two quotes, and the second of them. */
function passText(lines: Bytes, from: number, mayEscape: boolean): number {
  let at = from
  for (;;) {
    const byte = lines[at++] as number
    if (byte === QUOTE) return at
    if (byte >= SPACE && byte !== BACKSLASH && byte <= LAST_OF_ASCII) continue
    if (byte === BACKSLASH && mayEscape) at = passEscape(lines, at)
    else if (byte > LAST_OF_ASCII) at = passCharacter(lines, at - 1)
    else return NOWHERE
    if (at === NOWHERE) return NOWHERE
  }
}

function passEscape(lines: Bytes, at: number): number {
  const byte = lines[at] as number
  if (byte !== U) return escapes.includes(byte) ? at + 1 : NOWHERE
  for (let index = at + 1; index <= at + 4; index++) {
    const letter = (lines[index] as number) | LOWER
    if (!(isDigit(lines[index]) || (letter >= A && letter <= F))) return NOWHERE
  }
  return at + 5
}

/** A character of several bytes as RFC 3629 has it: in its shortest form, no surrogate, and none beyond U+10FFFF. */
function passCharacter(lines: Bytes, at: number): number {
  const first = lines[at] as number
  if (first < 0xc2 || first > 0xf4) return NOWHERE
  const more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3
  let code = first & (0x3f >> more)
  for (let index = at + 1; index <= at + more; index++) {
    const byte = lines[index] as number
    if ((byte & 0xc0) !== 0x80) return NOWHERE
    code = (code << 6) | (byte & 0x3f)
  }
  const isShortest = more === 1 || code >= (more === 2 ? 0x800 : 0x10000)
  const isSurrogate = code >= 0xd800 && code <= 0xdfff
  return isShortest && !isSurrogate && code <= 0x10ffff ? at + more + 1 : NOWHERE
}

function passWord(lines: Bytes, at: number): number {
  const word = words.find((word) => isText(word, lines, at, at + word.length))
  return word ? at + word.length : NOWHERE
}

function passNumber(lines: Bytes, from: number): number {
  let at = from
  if (lines[at] === MINUS) at++
  const first = lines[at] as number
  if (first === ZERO) at++
  else if (first >= ONE && first <= NINE) at = passDigits(lines, at)
  else return NOWHERE
  if (lines[at] === POINT) at = passDigits(lines, at + 1)
  if (at !== NOWHERE && ((lines[at] as number) | LOWER) === E) {
    at++
    if (lines[at] === PLUS || lines[at] === MINUS) at++
    at = passDigits(lines, at)
  }
  return at
}

/** One at least. */
function passDigits(lines: Bytes, from: number): number {
  let at = from
  while (isDigit(lines[at])) at++
  return at > from ? at : NOWHERE
}

const isDigit = (byte: number | undefined): boolean => (byte as number) >= ZERO && (byte as number) <= NINE
