import {
  type BatchHeader,
  type Limits,
  type MessageId,
  type Received,
  type Seq,
  type StreamId,
  toBatchId,
  toMessageId,
} from '@waybill/protocol'
import { type Bytes, concat } from '../core/bytes.ts'
import { checkEvent } from '../core/check-event.ts'
import { type CheckedLine, checkUnique } from '../core/check-lines.ts'
import { digest } from '../core/digest.ts'
import { enrich, toReceived } from '../core/enrich.ts'
import { type LineFault, type Members, parseLine } from '../core/parse-line.ts'
import type { Platform } from '../core/platform.ts'
import { printable } from '../core/printable.ts'
import { toTakenDigest } from '../core/taken-digest.ts'
import type { TakenBatch } from '../take-batch.ts'
import type { SegmentBody } from './read-body.ts'
import { contentOf, readEvent, type SegmentEvent, toLine, toTimestamp } from './read-event.ts'
import { toUuid } from './to-uuid.ts'

interface Request {
  keyId: string
  /** The type that the path says; of a batch each event says its own. */
  type: string | undefined
  /** 1 for the first. */
  attempt: number
  /** In milliseconds since 1970. */
  now: number
  /** What is known of who sends. */
  sender: Partial<Received>
}

/** A batch, wherever it goes. */
type MadeBatch = Omit<TakenBatch, 'sinks'>

interface Allowance {
  limits: Limits
  sha256: Platform['sha256']
}

/** What stands for an event before it has a place. */
interface Identified {
  event: SegmentEvent | LineFault
  /** The client's, or derived from what it says. Absent where nothing could be read. */
  messageId?: MessageId
  /** What makes the stream's id. */
  identity: string
}

const encoder = new TextEncoder()

/**
 * Makes of one request a stream of its own, in batches of as many lines as the limits allow. All of it is derived from what
 * the client says of its events, and from nothing that differs when it sends them again: the same request has the same
 * batch ids, days and digests, so that a sink tells the repeat without anybody having kept a record of the first.
 */
export async function toBatches(body: SegmentBody, request: Request, allowance: Allowance): Promise<MadeBatch[]> {
  const { keyId, type, attempt, now, sender } = request
  const { limits, sha256 } = allowance
  const all = await identify(
    body.events.map((json) => ({ json, event: readEvent(json, type, body.shared) })),
    sha256,
  )
  const hash = await sha256(encoder.encode(JSON.stringify([keyId, ...all.map(({ identity }) => identity)])))
  const streamId = toUuid(hash) as StreamId
  const receivedAt = new Date(now).toISOString()
  const sentAt = toTimestamp(body.sentAt)
  // What has no time of its own is still of one day on each repeat, but for a repeat after midnight.
  const cutAt = all.flatMap(({ event }) => ('own' in event && event.timestamp) || []).sort()[0] ?? receivedAt

  const checked = all.map((each, index) => {
    const seq = (index + 1) as Seq
    const messageId = each.messageId ?? toMessageId(streamId, seq)
    return checkPlaced(each, { streamId, seq, messageId }, receivedAt, limits)
  })
  const sdk = toSdk(checked.find(({ members }) => members)?.members)

  const batches: Promise<MadeBatch>[] = []
  for (let from = 0; from < checked.length; from += limits.batchEvents) {
    const some = checked.slice(from, from + limits.batchEvents)
    const [first, last] = [(from + 1) as Seq, (from + some.length) as Seq]
    const batchId = toBatchId(streamId, first, last)
    const clock = sentAt === undefined ? { sentAt: receivedAt, copy: true } : { sentAt }
    const header: BatchHeader = { v: 1, batchId, streamId, first, last, cutAt, sdk, attempt, ...clock }
    batches.push(toTaken(some, header, { keyId, now, sender, sha256 }))
  }
  return Promise.all(batches)
}

/** Gives each event without a `messageId` one that a repeat has as well, and no other event of the request. */
async function identify(
  events: readonly { json: Bytes; event: SegmentEvent | LineFault }[],
  sha256: Platform['sha256'],
): Promise<Identified[]> {
  const seen = new Map<string, number>()
  const all: Identified[] = []
  for (const { json, event } of events) {
    const stated = 'own' in event ? event.messageId : undefined
    if (stated !== undefined) {
      all.push({ event, messageId: stated as MessageId, identity: stated })
      continue
    }
    const content = await sha256('own' in event ? contentOf(event) : json)
    const known = toUuid(content)
    const times = seen.get(known) ?? 0
    seen.set(known, times + 1)
    const own = times === 0 ? known : toUuid(await sha256(concat([content, encoder.encode(String(times))])))
    all.push({ event, identity: own, ...('own' in event && { messageId: own as MessageId }) })
  }
  return all
}

interface Placed {
  line: CheckedLine
  /** What the client said, without the time that the collector fills in. */
  said: Bytes
  members?: Members
}

/** Holds an event in its place against the wire, as {@link checkLines} does with those of our own clients. */
function checkPlaced(
  { event, identity }: Identified,
  place: { streamId: StreamId; seq: Seq; messageId: MessageId },
  receivedAt: string,
  limits: Limits,
): Placed {
  const { seq, messageId } = place
  const reject = (fault: LineFault, said: Bytes): Placed => ({
    line: { kind: 'rejected', rejection: { seq, messageId, ...fault } },
    said,
  })
  if ('code' in event) return reject(event, encoder.encode(identity))
  const said = toLine(event, place)
  const line = event.timestamp === undefined ? toLine(event, place, receivedAt) : said
  const parsed = parseLine(line, limits)
  if (!parsed.ok) return reject(parsed.fault, said)
  const { members } = parsed.value
  // Segment caps an event and nothing in it.
  const wide = { ...limits, propertiesBytes: limits.eventBytes, stateBytes: limits.eventBytes }
  const fault = checkUnique(parsed.value) ?? checkEvent(parsed.value, { messageId, bytes: line.length, limits: wide })
  return fault ? reject(fault, said) : { line: { kind: 'event', line }, said, members }
}

async function toTaken(
  placed: readonly Placed[],
  header: BatchHeader,
  { keyId, now, sender, sha256 }: Pick<Request, 'keyId' | 'now' | 'sender'> & Pick<Allowance, 'sha256'>,
): Promise<MadeBatch> {
  const lf = encoder.encode('\n')
  const said = concat(placed.flatMap(({ said }) => [said, lf]))
  const received = { ...toReceived(header, now), ...sender }
  const lines = placed.map(({ line }) => line)
  const rejected = lines.flatMap((line) => (line.kind === 'rejected' ? [line.rejection] : []))
  const clientDigest = await digest(said, sha256)
  return {
    batch: {
      batchId: header.batchId,
      keyId,
      header,
      digest: await toTakenDigest(clientDigest, rejected, sha256),
      receivedAt: received.at,
      lines: enrich(lines, header.streamId, received),
    },
    clientDigest,
    events: lines.filter(({ kind }) => kind === 'event').length,
    tombstones: 0,
    rejected,
    bytes: said.length,
  }
}

/** Which client sent this, as it says in `context.library`. */
function toSdk(event: Members | undefined): string {
  const { library } = (event?.context ?? {}) as { library?: { name?: unknown; version?: unknown } }
  const words = [library?.name, library?.version].filter((word) => typeof word === 'string' && word !== '')
  return words.length > 0 ? printable(words.join('/')).slice(0, 100) : 'segment-api'
}
