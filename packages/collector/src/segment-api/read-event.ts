import { isTimestamp, type MessageId, type Seq, type StreamId } from '@waybill/protocol'
import type { Bytes } from '../core/bytes.ts'
import { duplicateMember } from '../core/check-lines.ts'
import { expected } from '../core/check-members.ts'
import { decodeUtf8 } from '../core/decode-utf8.ts'
import type { LineFault } from '../core/parse-line.ts'
import { joinMembers, type Member, parseJson, repeatsName, splitMembers, toMember } from './split-json.ts'

/** An event in our words: all that a client says of it, but for what it says of one attempt to send it. */
export interface SegmentEvent {
  messageId?: string
  type?: string
  /** The client's, in UTC with milliseconds. Absent where it names no time. */
  timestamp?: string
  /** All other members, in the client's own bytes. */
  own: readonly Member[]
}

/** Members of ours that no client of Segment's API can know. */
const RESERVED = ['streamId', 'seq']

/** A tombstone carries it, and is to be short. */
const MESSAGE_ID = 256

/** Of the request and not of the event: they differ from one attempt to the next, or are told elsewhere. */
const OF_THE_REQUEST = new Set(['sentAt', 'writeKey'])

const IDS = new Set(['userId', 'anonymousId', 'groupId', 'previousId'])

/**
 * Reads an event of Segment's API. What says nothing is left out, as our wire has it (`"userId": null`, which analytics.js
 * sends, or `""`), ids that are numbers become texts, and times UTC. Whether the event is fit to travel is not asked here.
 */
export function readEvent(json: Bytes, type: string | undefined, shared: readonly Member[]): SegmentEvent | LineFault {
  const text = decodeUtf8(json)
  if (text === undefined) return { code: 'invalid_utf8', detail: 'The event is not UTF-8.' }
  // As a whole: what is left out of the line, or written anew, would not be looked at there.
  const members = isJson(text) ? splitMembers(json) : undefined
  if (!members) return { code: 'invalid_json', detail: 'The event is no JSON object.' }
  if (repeatsName(members)) return duplicateMember
  const reserved = RESERVED.find((each) => members.some(({ name }) => name === each))
  if (reserved) return { code: 'reserved_member', detail: `Rename \`${reserved}\`: the collector writes that member.` }
  const textOf = (wanted: string): string | undefined => {
    const member = members.find(({ name }) => name === wanted)
    const value = member && parseJson(member.value)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const messageId = toId(members.find(({ name }) => name === 'messageId')?.value)
  if (messageId === undefined || messageId.length > MESSAGE_ID) {
    return expected('messageId', `a text of at most ${MESSAGE_ID} characters`)
  }
  const stated = textOf('timestamp')
  const timestamp = toTimestamp(stated ?? textOf('originalTimestamp'))
  const moved = new Set(['type', 'messageId', ...(timestamp ? ['timestamp'] : [])])
  const own = withShared(members, shared)
    .filter(({ name }) => !OF_THE_REQUEST.has(name) && !moved.has(name))
    .flatMap(toOwn)
  const rewritten = timestamp && stated && stated !== timestamp && !textOf('originalTimestamp')
  const itsType = type ?? textOf('type')
  return {
    own: rewritten ? [...own, toMember('originalTimestamp', stated)] : own,
    ...(itsType && { type: itsType }),
    ...(messageId && { messageId }),
    ...(timestamp && { timestamp }),
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** All that the client says of the event: what tells one without a `messageId` from another. */
export const contentOf = ({ type, timestamp, own }: SegmentEvent): Bytes =>
  joinMembers([
    ...(type === undefined ? [] : [toMember('type', type)]),
    ...(timestamp === undefined ? [] : [toMember('timestamp', timestamp)]),
    ...own,
  ])

/** One line of a batch; `timestamp` stands in where the client names no time. */
export function toLine(
  event: SegmentEvent,
  place: { streamId: StreamId; seq: Seq; messageId: MessageId },
  timestamp?: string,
): Bytes {
  const { type, own } = event
  const at = event.timestamp ?? (own.some(({ name }) => name === 'timestamp') ? undefined : timestamp)
  return joinMembers([
    toMember('streamId', place.streamId),
    toMember('seq', place.seq),
    toMember('messageId', place.messageId),
    ...(type === undefined ? [] : [toMember('type', type)]),
    ...(at === undefined ? [] : [toMember('timestamp', at)]),
    ...own,
  ])
}

/** An instant of ISO 8601 as our wire writes it. */
export function toTimestamp(value: unknown): string | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  const text = Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
  return isTimestamp(text) ? text : undefined
}

/** An id as a text, `''` for none, `undefined` for what can be none. A number keeps all its digits. */
function toId(value: Bytes | undefined): string | undefined {
  const id = value ? parseJson(value) : null
  if (id === null || typeof id === 'string') return id ?? ''
  return typeof id === 'number' ? decodeUtf8(value as Bytes) : undefined
}

function toOwn({ name, value }: Member): Member[] {
  if (value.length === 4 && parseJson(value) === null) return []
  if (IDS.has(name)) {
    const id = toId(value)
    return id === undefined ? [{ name, value }] : id === '' ? [] : [toMember(name, id)]
  }
  return name === '_metadata' ? withoutAttempts(value) : [{ name, value }]
}

/** analytics.js writes here how often it has tried to send the event, and may have had nothing to write at first. */
function withoutAttempts(metadata: Bytes): Member[] {
  const members = splitMembers(metadata)
  const others = members?.filter(({ name }) => name !== 'retryCount')
  if (!others || others.length === members?.length) return [{ name: '_metadata', value: metadata }]
  return others.length > 0 ? [{ name: '_metadata', value: joinMembers(others) }] : []
}

/** Adds what the batch says of all events; the event's own word counts, member by member. */
function withShared(members: readonly Member[], shared: readonly Member[]): Member[] {
  const added = shared.filter(({ name }) => !members.some((member) => member.name === name))
  return [...members, ...added].map((member) => {
    const all = shared.find(({ name }) => name === member.name)
    const [common, own] = [all && splitMembers(all.value), splitMembers(member.value)]
    if (!common || !own || all === member) return member
    const stated = new Set(own.map(({ name }) => name))
    const others = common.filter(({ name }) => !stated.has(name))
    return { name: member.name, value: joinMembers([...own, ...others]) }
  })
}
