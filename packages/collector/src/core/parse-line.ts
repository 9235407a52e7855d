import { fail, type Limits, ok, type RejectionCode, type Result } from '@waybill/protocol'
import type { Bytes } from './bytes.ts'
import { decodeUtf8 } from './decode-utf8.ts'
import { repeatsMember } from './repeats-member.ts'
import { type Survey, survey } from './survey.ts'

/** Why one line is not a fit event. It says nothing about its neighbours. */
export interface LineFault {
  code: RejectionCode
  /** What is wrong, and what to do. */
  detail: string
}

/** The members of a line, of which nothing is known yet. */
export type Members = Readonly<Record<string, unknown>>

export interface ParsedLine extends Pick<Survey, 'depth' | 'hasPrototype'> {
  members: Members
  /** Whether any object has a member twice: nothing that the line says can be relied on then. */
  repeatsMember: boolean
}

const OPEN = 0x7b
const CLOSE = 0x7d

/** Reads one line as a JSON object that fills it from `{` to `}`: `received` is put in before that last byte. */
export function parseLine(line: Bytes, limits: Pick<Limits, 'eventBytes'>): Result<ParsedLine, LineFault> {
  if (line.length > limits.eventBytes) {
    return fail({ code: 'event_too_large', detail: `The line has ${line.length} bytes; at most ${limits.eventBytes}.` })
  }
  if (line[0] !== OPEN || line.at(-1) !== CLOSE) {
    return fail({ code: 'invalid_json', detail: 'A line begins with { and ends with }, with nothing around them.' })
  }
  const text = decodeUtf8(line)
  if (text === undefined) return fail({ code: 'invalid_utf8', detail: 'The line is not UTF-8.' })
  try {
    // What begins with { and is JSON is an object.
    const members: Members = JSON.parse(text)
    const surveyed = survey(members)
    const { depth, hasPrototype } = surveyed
    return ok({ members, depth, hasPrototype, repeatsMember: repeatsMember(line, surveyed) })
  } catch {
    return fail({ code: 'invalid_json', detail: 'The line is not JSON.' })
  }
}
