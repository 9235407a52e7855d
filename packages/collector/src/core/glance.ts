import { eventTypes, isTimestamp, type Limits, type Seq, type StreamId } from '@waybill/protocol'
import type { Bytes } from './bytes.ts'
import { decodeUtf8 } from './decode-utf8.ts'
import { isText, LEVELS, NOWHERE, scanLine } from './scan-line.ts'

// Sinks get the client's bytes, so nothing goes on that parsing would build of a line, and it would be the most of what a batch
// costs. An event that is plainly fit is recognised by its bytes instead.

/** Whether what the lines have from here to there is fit for a member. */
type Rule = (lines: Bytes, from: number, to: number) => boolean

const encoder = new TextEncoder()
const [QUOTE, OPEN, ZERO, NINE] = [0x22, 0x7b, 0x30, 0x39]

const types = eventTypes.map((type) => encoder.encode(`"${type}"`))
const track = encoder.encode('"track"')

const isTrack: Rule = (lines, from, to) => isText(track, lines, from, to)
const isType: Rule = (lines, from, to) => types.some((type) => isText(type, lines, from, to))
const isFilled: Rule = (lines, from, to) => lines[from] === QUOTE && to > from + 2
const isObject: Rule = (lines, from) => lines[from] === OPEN

const pattern = encoder.encode('"0000-00-00T00:00:00.000Z"')

/** Most instants show in their digits; of the last days of a month and of 24:00 `isTimestamp` knows. */
const isInstant: Rule = (lines, from, to) => {
  if (to - from !== pattern.length) return false
  for (let index = 0; index < pattern.length; index++) {
    const byte = lines[from + index] as number
    const wanted = pattern[index]
    if (wanted === ZERO ? byte < ZERO || byte > NINE : byte !== wanted) return false
  }
  const month = toPair(lines, from + 6)
  const day = toPair(lines, from + 9)
  const hour = toPair(lines, from + 12)
  if (day > 28 || hour > 23) return isTimestamp(decodeUtf8(lines.subarray(from + 1, to - 1)))
  return month > 0 && month <= 12 && day > 0 && toPair(lines, from + 15) < 60 && toPair(lines, from + 18) < 60
}

/** Two digits. */
const toPair = (lines: Bytes, at: number): number => (lines[at] as number) * 10 + (lines[at + 1] as number) - ZERO * 11

/** In the order in which the SDK writes them, so that most are looked for in one place only. */
const rules: readonly [name: string, rule: Rule][] = [
  ['type', isType],
  ['event', isFilled],
  ['properties', isObject],
  ['traits', isObject],
  ['timestamp', isInstant],
  ['context', isObject],
  ['anonymousId', isFilled],
  ['userId', isFilled],
  ['span', isObject],
  ['state', isObject],
  ['received', () => false],
]
const names = ['streamId', 'seq', 'messageId', ...rules.map(([name]) => name)]
const nameTexts = names.map((name) => encoder.encode(name))

const bitsOf = (...some: string[]): number => some.reduce((bits, name) => bits | (1 << names.indexOf(name)), 0)
const always = bitsOf('streamId', 'seq', 'messageId', 'type', 'timestamp')
const eitherOf = bitsOf('anonymousId', 'userId')
const [type, event] = [names.indexOf('type'), bitsOf('event')]

/**
 * Recognises the events of one stream that `parseLine` and `checkEvent` find no fault with, with a fraction of their work. Told
 * where in a batch a line begins, it says where the line ends; `NOWHERE` of all other lines, and of a few that are fit as
 * well: such a line is parsed.
 */
export function createGlance(streamId: StreamId, limits: Limits): (lines: Bytes, from: number, seq: Seq) => number {
  // Nothing of a line can be too large that is no larger than this.
  const most = Math.min(limits.eventBytes, limits.propertiesBytes, limits.stateBytes)
  const levels = Math.min(limits.depth, LEVELS)
  const stream = encoder.encode(`"${streamId}"`)
  const beginOfId = encoder.encode(`"${streamId}.`)
  const ruleOf: readonly Rule[] = [
    (lines, from, to) => isText(stream, lines, from, to),
    (lines, from, to) => toInteger(lines, from, to) === expected,
    (lines, from, to) => {
      const seq = from + beginOfId.length
      return isText(beginOfId, lines, from, seq) && toInteger(lines, seq, to - 1) === expected
    },
    ...rules.map(([, rule]) => rule),
  ]

  // Of the line that is looked at.
  let lines: Bytes
  let expected: Seq
  let next = 0
  let found = 0
  let needed = always
  let isFit = true

  function onMember(name: number, nameEnd: number, value: number, valueEnd: number): void {
    const index = findName(lines, name, nameEnd, next)
    if (index < 0) return
    next = index + 1
    found |= 1 << index
    if (index === type && isTrack(lines, value, valueEnd)) needed |= event
    isFit &&= (ruleOf[index] as Rule)(lines, value, valueEnd)
  }

  return (given, from, seq) => {
    lines = given
    expected = seq
    next = found = 0
    needed = always
    isFit = true
    const end = scanLine(lines, from, levels, onMember)
    if (!isFit || end - from > most) return NOWHERE
    return (found & needed) === needed && (found & eitherOf) !== 0 ? end : NOWHERE
  }
}

/** @param next where it is most likely */
function findName(lines: Bytes, from: number, to: number, next: number): number {
  if (next < nameTexts.length && isText(nameTexts[next] as Bytes, lines, from, to)) return next
  return nameTexts.findIndex((name) => isText(name, lines, from, to))
}

/** A number in decimal digits as JSON writes it; -1 for all else. */
function toInteger(lines: Bytes, from: number, to: number): number {
  if (lines[from] === ZERO) return -1
  let number = 0
  for (let index = from; index < to; index++) {
    const byte = lines[index] as number
    if (byte < ZERO || byte > NINE) return -1
    number = number * 10 + (byte - ZERO)
  }
  return number
}
