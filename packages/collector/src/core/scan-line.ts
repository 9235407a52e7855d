import type { Bytes } from './bytes.ts'

/** Told of each member of the outermost object: where in the line its name begins and ends, and its value. */
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

/** Levels of nesting, and names in one object: a line that has more is parsed. They bound how often names are compared. */
const [LEVELS, NAMES] = [32, 32]

// What is open while a line is scanned, which is done before another begins. Of each level: how many names its object has,
// or that it is an array; and from where to where in the line each name is.
const counts = new Int32Array(LEVELS)
const begins = new Int32Array(LEVELS * NAMES)
const ends = new Int32Array(LEVELS * NAMES)
const NO_OBJECT = -1

/** Where reading goes on after what is not JSON, or is unusual. */
const NOWHERE = -1

/**
 * Goes once through a line that is one object in JSON (RFC 8259) as `JSON.stringify` writes it, with no space between its
 * tokens and no escapes in its names. Nothing is built of what it says.
 *
 * @param onMember told of each as it is passed, before it is known whether the line has a fault behind it
 * @returns its depth, at least 1; 0 for any other line, of whose faults this says nothing, and for one that has a name twice
 *   in one object, a name `__proto__`, or more than 32 levels or names in one object
 */
export function scanLine(line: Bytes, onMember: OnMember): number {
  if (line[0] !== OBJECT) return 0
  let at = 0
  let level = -1
  let depth = 0
  for (;;) {
    // A value begins here.
    const first = line[at]
    if (first === OBJECT || first === ARRAY) {
      if (++level === LEVELS) return 0
      if (level >= depth) depth = level + 1
      counts[level] = first === OBJECT ? 0 : NO_OBJECT
      at++
      if (line[at] !== (first === OBJECT ? OBJECT_END : ARRAY_END)) {
        if (first === OBJECT) at = passName(line, at, level)
        if (at === NOWHERE) return 0
        continue
      }
      at++
      level--
    } else {
      at = passScalar(line, at)
      if (at === NOWHERE) return 0
    }
    // It has ended, and so may those around it.
    for (;;) {
      if (level < 0) return at === line.length ? depth : 0
      if (level === 0) tellMember(at, onMember)
      const byte = line[at++]
      const isObject = counts[level] !== NO_OBJECT
      if (byte === COMMA) {
        if (isObject) at = passName(line, at, level)
        if (at === NOWHERE) return 0
        break
      }
      if (byte !== (isObject ? OBJECT_END : ARRAY_END)) return 0
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

/** Whether this text is what the line has from here to there. */
export function isText(text: Bytes, line: Bytes, from: number, to: number): boolean {
  const { length } = text
  if (to - from !== length) return false
  for (let index = 0; index < length; index++) if (line[from + index] !== text[index]) return false
  return true
}

// Each of the following goes on where its part of the line ends. Beyond the end there is no byte, which fits nothing.

/** A name of the innermost object and its colon. */
function passName(line: Bytes, at: number, level: number): number {
  if (line[at] !== QUOTE) return NOWHERE
  const from = at + 1
  const end = passText(line, from, false)
  const to = end - 1
  const count = counts[level] as number
  if (end === NOWHERE || line[end] !== COLON || count === NAMES || isText(prototype, line, from, to)) return NOWHERE
  const first = level * NAMES
  for (let index = first; index < first + count; index++) {
    if (isSame(line, begins[index] as number, ends[index] as number, from, to)) return NOWHERE
  }
  begins[first + count] = from
  ends[first + count] = to
  counts[level] = count + 1
  return end + 1
}

/** Whether two names of a line are the same. Most differ in their lengths or ends. */
function isSame(line: Bytes, from: number, to: number, otherFrom: number, otherTo: number): boolean {
  const length = to - from
  if (otherTo - otherFrom !== length) return false
  for (let index = length - 1; index >= 0; index--) if (line[from + index] !== line[otherFrom + index]) return false
  return true
}

function passScalar(line: Bytes, at: number): number {
  const first = line[at] as number
  if (first === QUOTE) return passText(line, at + 1, true)
  if (first <= NINE) return passNumber(line, at)
  return passWord(line, at)
}

/** What is between two quotes, and the second of them. */
function passText(line: Bytes, from: number, mayEscape: boolean): number {
  let at = from
  for (;;) {
    const byte = line[at++] as number
    if (byte === QUOTE) return at
    if (byte >= SPACE && byte !== BACKSLASH && byte <= LAST_OF_ASCII) continue
    if (byte === BACKSLASH && mayEscape) at = passEscape(line, at)
    else if (byte > LAST_OF_ASCII) at = passCharacter(line, at - 1)
    else return NOWHERE
    if (at === NOWHERE) return NOWHERE
  }
}

function passEscape(line: Bytes, at: number): number {
  const byte = line[at] as number
  if (byte !== U) return escapes.includes(byte) ? at + 1 : NOWHERE
  for (let index = at + 1; index <= at + 4; index++) {
    const letter = (line[index] as number) | LOWER
    if (!(isDigit(line[index]) || (letter >= A && letter <= F))) return NOWHERE
  }
  return at + 5
}

/** A character of several bytes as RFC 3629 has it: in its shortest form, no surrogate, and none beyond U+10FFFF. */
function passCharacter(line: Bytes, at: number): number {
  const first = line[at] as number
  if (first < 0xc2 || first > 0xf4) return NOWHERE
  const more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3
  let code = first & (0x3f >> more)
  for (let index = at + 1; index <= at + more; index++) {
    const byte = line[index] as number
    if ((byte & 0xc0) !== 0x80) return NOWHERE
    code = (code << 6) | (byte & 0x3f)
  }
  const isShortest = more === 1 || code >= (more === 2 ? 0x800 : 0x10000)
  const isSurrogate = code >= 0xd800 && code <= 0xdfff
  return isShortest && !isSurrogate && code <= 0x10ffff ? at + more + 1 : NOWHERE
}

function passWord(line: Bytes, at: number): number {
  const word = words.find((word) => isText(word, line, at, at + word.length))
  return word ? at + word.length : NOWHERE
}

function passNumber(line: Bytes, from: number): number {
  let at = from
  if (line[at] === MINUS) at++
  const first = line[at] as number
  if (first === ZERO) at++
  else if (first >= ONE && first <= NINE) at = passDigits(line, at)
  else return NOWHERE
  if (line[at] === POINT) at = passDigits(line, at + 1)
  if (at !== NOWHERE && ((line[at] as number) | LOWER) === E) {
    at++
    if (line[at] === PLUS || line[at] === MINUS) at++
    at = passDigits(line, at)
  }
  return at
}

/** One at least. */
function passDigits(line: Bytes, from: number): number {
  let at = from
  while (isDigit(line[at])) at++
  return at > from ? at : NOWHERE
}

const isDigit = (byte: number | undefined): boolean => (byte as number) >= ZERO && (byte as number) <= NINE
