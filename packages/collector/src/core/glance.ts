import { eventTypes, isTimestamp, type Limits, type Seq, type StreamId } from '@waybill/protocol'
import type { Bytes } from './bytes.ts'
import { decodeUtf8 } from './decode-utf8.ts'
import { isText, scanLine } from './scan-line.ts'

// Sinks get the client's bytes, so nothing goes on that parsing would build of a line, and it would be the most of what a batch
// costs. An event that is plainly fit is recognised by its bytes instead.

/** Whether what the line has from here to there is fit for a member. */
type Rule = (line: Bytes, from: number, to: number) => boolean

const encoder = new TextEncoder()
const [QUOTE, OPEN, ZERO, NINE] = [0x22, 0x7b, 0x30, 0x39]

const types = eventTypes.map((type) => encoder.encode(`"${type}"`))
const track = encoder.encode('"track"')

const isTrack: Rule = (line, from, to) => isText(track, line, from, to)
const isType: Rule = (line, from, to) => types.some((type) => isText(type, line, from, to))
const isFilled: Rule = (line, from, to) => line[from] === QUOTE && to > from + 2
const isObject: Rule = (line, from) => line[from] === OPEN

const pattern = encoder.encode('"0000-00-00T00:00:00.000Z"')

/** Most instants show in their digits; of the last days of a month and of 24:00 `isTimestamp` knows. */
const isInstant: Rule = (line, from, to) => {
  if (to - from !== pattern.length) return false
  for (let index = 0; index < pattern.length; index++) {
    const [byte, wanted] = [line[from + index] as number, pattern[index]]
    if (wanted === ZERO ? byte < ZERO || byte > NINE : byte !== wanted) return false
  }
  const pair = (at: number) => (line[from + at] as number) * 10 + (line[from + at + 1] as number) - ZERO * 11
  const [month, day, hour, minute, second] = [pair(6), pair(9), pair(12), pair(15), pair(18)]
  if (day > 28 || hour > 23) return isTimestamp(decodeUtf8(line.subarray(from + 1, to - 1)))
  return month > 0 && month <= 12 && day > 0 && minute < 60 && second < 60
}

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
 * Recognises the events of one stream that `parseLine` and `checkEvent` find no fault with, with a fraction of their work. It
 * says `false` of all others, and of a few that are fit as well: such a line is parsed.
 */
export function createGlance(streamId: StreamId, limits: Limits): (line: Bytes, seq: Seq) => boolean {
  // Nothing of a line can be too large that is no larger than this.
  const most = Math.min(limits.eventBytes, limits.propertiesBytes, limits.stateBytes)
  const stream = encoder.encode(`"${streamId}"`)
  const beginOfId = encoder.encode(`"${streamId}.`)
  const ruleOf: readonly Rule[] = [
    (line, from, to) => isText(stream, line, from, to),
    (line, from, to) => toInteger(line, from, to) === expected,
    (line, from, to) => {
      const seq = from + beginOfId.length
      return isText(beginOfId, line, from, seq) && toInteger(line, seq, to - 1) === expected
    },
    ...rules.map(([, rule]) => rule),
  ]

  // Of the line that is looked at.
  let line: Bytes
  let expected: Seq
  let next = 0
  let found = 0
  let needed = always
  let isFit = true

  function onMember(name: number, nameEnd: number, value: number, valueEnd: number): void {
    const index = findName(line, name, nameEnd, next)
    if (index < 0) return
    next = index + 1
    found |= 1 << index
    if (index === type && isTrack(line, value, valueEnd)) needed |= event
    isFit &&= (ruleOf[index] as Rule)(line, value, valueEnd)
  }

  return (given, seq) => {
    if (given.length > most) return false
    line = given
    expected = seq
    next = found = 0
    needed = always
    isFit = true
    const depth = scanLine(line, onMember)
    if (depth === 0 || depth > limits.depth || !isFit) return false
    return (found & needed) === needed && (found & eitherOf) !== 0
  }
}

/** @param next where it is most likely */
function findName(line: Bytes, from: number, to: number, next: number): number {
  if (next < nameTexts.length && isText(nameTexts[next] as Bytes, line, from, to)) return next
  return nameTexts.findIndex((name) => isText(name, line, from, to))
}

/** A number in decimal digits as JSON writes it; -1 for all else. */
function toInteger(line: Bytes, from: number, to: number): number {
  if (line[from] === ZERO) return -1
  let number = 0
  for (let index = from; index < to; index++) {
    const byte = line[index] as number
    if (byte < ZERO || byte > NINE) return -1
    number = number * 10 + (byte - ZERO)
  }
  return number
}
