import {
  type BatchId,
  type CompleteEvent,
  isDerivedStreamId,
  isSeq,
  isStreamId,
  type Seq,
  type StreamId,
  tombstoneTypes,
} from '@waybill/protocol'
import { parseBatchId } from './parse-batch-id.ts'

/** What a collector said of a batch when it brought it. */
interface Delivery {
  /** The collector's clock, ms since 1970. NaN when it can't be read. */
  at: number
  batchId: BatchId
  streamId: StreamId
  first: Seq
  last: Seq
  skewMs?: number
}

/** What stands at one place of a stream, or at a range of places. */
export type Line = {
  streamId: StreamId
  seq: Seq
  /** The last seq that the line stands for: its own, but for a tombstone of a range. */
  through: Seq
  /** Undefined where the collector's member was taken out. */
  delivery: Delivery | undefined
} & (
  | {
      kind: 'event'
      /** The text as the client wrote it, or so much of it that no two texts share: without what the collector appended. */
      text: string
      /** The device's clock, ms since 1970. NaN when it can't be read. */
      timestamp: number
      /** The line as it was parsed. */
      members: Members
    }
  | { kind: (typeof tombstoneTypes)[number]; reason: string }
)

/**
 * Why a text says nothing about a place of a stream. `foreign`: it is JSON, and of another program. `damaged`: a collector has
 * brought it, or it names its place, and yet it is no line.
 */
export interface LineFault {
  kind: 'not_json' | 'foreign' | 'damaged' | 'contradictory'
  detail: string
  /** What its batch id says has come, where that is beyond doubt: what was lost with the line is still a gap. */
  claimed?: Pick<Delivery, 'streamId' | 'first' | 'last'> | undefined
}

/** The members of a line, of which nothing is known yet. */
export type Members = Readonly<Record<string, unknown>>

export type ReadLine = (text: string) => readonly (Line | LineFault)[]

/**
 * Reads one line of a sink's data: an event, a tombstone, or a JSON array of them as a webhook posts it. A line that
 * contradicts itself is a fault: a seq that was damaged must not stand for another event.
 */
export function createLineReader(): ReadLine {
  // A batch's lines share the collector's member: it is looked at once.
  let tail = ''
  let delivery: Delivery | undefined

  /** The client's own bytes, where `received` is what the collector appends; else the same members, written anew. */
  function split(members: Members, text: string | undefined): { text: string; delivery: Delivery | undefined } {
    const { received } = members
    if (received === undefined) return { text: text?.slice(0, -1) ?? write(members), delivery: undefined }
    const at = text?.lastIndexOf(',"received":') ?? -1
    if (text !== undefined && at > 0) {
      const end = text.slice(at)
      if (end === tail) return { text: text.slice(0, at), delivery }
      if (end === `,"received":${JSON.stringify(received)}}`) {
        tail = end
        delivery = toDelivery(received)
        return { text: text.slice(0, at), delivery }
      }
    }
    return { text: write(members), delivery: toDelivery(received) }
  }

  function read(value: unknown, text: string | undefined): Line | LineFault {
    if (typeof value !== 'object' || value === null) return { kind: 'foreign', detail: 'It is no object.' }
    const members = value as Members
    const { streamId, seq, type, messageId } = members
    if (!isStreamId(streamId) || !isSeq(seq)) {
      const claimed = toDelivery(members.received)
      return { kind: claimed ? 'damaged' : 'foreign', detail: 'It has no `streamId` and `seq`.', claimed }
    }
    if (messageId !== undefined && messageId !== `${streamId}.${seq}` && !isDerivedStreamId(streamId)) {
      const detail = `It says that it is seq ${seq} of ${streamId}, and its messageId is ${show(messageId)}.`
      return { kind: 'contradictory', detail, claimed: toDelivery(members.received) }
    }
    if (typeof type !== 'string') {
      return { kind: 'damaged', detail: `Its type is ${show(type)}.`, claimed: toDelivery(members.received) }
    }
    const kind = tombstoneTypes.find((each) => each === type) ?? 'event'
    const eventMember = kind !== 'event' && eventMembers.find((each) => members[each] !== undefined)
    if (eventMember) {
      const detail = `It says that it is ${kind}, and has the member \`${eventMember}\` of an event.`
      return { kind: 'contradictory', detail, claimed: toDelivery(members.received) }
    }
    const { text: own, delivery } = split(members, text)
    const through = kind !== 'event' && isSeq(members.through) && members.through > seq ? members.through : seq
    if (delivery && !holds(delivery, streamId, seq, through)) {
      // It claims nothing: the batch id may be what was damaged, and would make up a gap or a stream.
      const detail = `It says that it is seq ${seq} of ${streamId}, and that it came with ${delivery.batchId}.`
      return { kind: 'contradictory', detail }
    }
    // Written out twice: spreading one object into the other is what took longest of all but the parsing.
    if (kind !== 'event') {
      return { streamId, seq, through, delivery, kind, reason: String(members.reason ?? 'unknown') }
    }
    const timestamp = Date.parse(String(members.timestamp))
    return { streamId, seq, through, delivery, kind, text: own, timestamp, members }
  }

  return (text) => {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return [{ kind: 'not_json', detail: `It is not JSON: ${show(text)}` }]
    }
    return Array.isArray(value) ? value.map((each) => read(each, undefined)) : [read(value, text)]
  }
}

/** What an event may have, and a tombstone not. */
const eventMembers = [
  'timestamp',
  'event',
  'name',
  'category',
  'properties',
  'traits',
  'groupId',
  'anonymousId',
  'userId',
  'monotonic',
  'context',
  'span',
  'state',
] as const satisfies (keyof CompleteEvent)[]

function toDelivery(received: unknown): Delivery | undefined {
  if (typeof received !== 'object' || received === null) return
  const { at, batchId, skewMs } = received as Members
  const batch = parseBatchId(batchId)
  if (!batch) return
  return {
    at: Date.parse(String(at)),
    batchId: batchId as BatchId,
    ...batch,
    ...(typeof skewMs === 'number' && { skewMs }),
  }
}

const holds = (delivery: Delivery, streamId: StreamId, seq: Seq, through: Seq): boolean =>
  seq >= delivery.first && through <= delivery.last && delivery.streamId === streamId

/** As `text` without the last brace: what the client wrote with `JSON.stringify` is the same text again. */
const write = ({ received: _, ...members }: Members): string => JSON.stringify(members).slice(0, -1)

const SHOWN = 60

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
}
