import {
  type BatchHeader,
  fail,
  type Limits,
  ok,
  limits as protocolLimits,
  type Rejection,
  type Result,
} from '@waybill/protocol'
import { admit, countRequest, type Gate } from './core/admit.ts'
import type { Batch } from './core/batch.ts'
import type { Bytes } from './core/bytes.ts'
import { digest } from './core/digest.ts'
import { enrich, toReceived } from './core/enrich.ts'
import type { Platform } from './core/platform.ts'
import { readHeader } from './core/read-header.ts'
import { readRequest, type Sent } from './core/read-up-to.ts'
import type { EventLimits, ReceiptFault, ReceiptKey } from './core/receipt.ts'
import type { Refusal, Refused } from './core/refusal.ts'
import { describeSender, type EnrichOptions, type Sender } from './core/sender.ts'
import type { Sink } from './core/sink.ts'
import { splitBatch } from './core/split-batch.ts'
import { takeLines } from './core/take-lines.ts'
import { takeWithReceipt } from './core/take-with-receipt.ts'
import { refuseToken } from './core/verify-token.ts'

/** What a request brings. */
export interface Presentation {
  key: string | undefined
  encoding: string | undefined
  origin: string | undefined
  contentType: string | undefined
  request: Sent
  sender: Sender
}

/** A batch that is fit for the sinks, and what to say of it. */
export interface TakenBatch {
  batch: Batch
  /** SHA-256 in hex over the client's lines: the same on every presentation, whatever is rejected of them. */
  clientDigest: string
  /** Those that it goes to. */
  sinks: readonly Sink[]
  events: number
  tombstones: number
  rejected: Rejection[]
  bytes: number
}

/** One whose client may have presented it before, and been told who has it. */
export interface PresentedBatch extends TakenBatch {
  /** Under which it was found what is rejected. */
  limits: EventLimits
  /** These sinks have it, on the word of its receipt. */
  have: readonly Sink[]
  /** Why its receipt says nothing of that. */
  ignoredReceipt: ReceiptFault | undefined
}

/** What a collector holds presentations against. */
export interface BatchTaker extends Gate {
  receiptKeys: readonly ReceiptKey[]
  enrich: EnrichOptions
  now: () => number
  platform: Platform
}

/** authenticate → inflate → split → validate → enrich: from a request to a batch, or to why there is none. */
export async function takeBatch(
  presentation: Presentation,
  { receiptKeys, enrich: asked, now, platform, rateLimiter, ...gate }: BatchTaker,
): Promise<Result<PresentedBatch, Refused>> {
  const admitted = await admit(presentation, gate)
  if (!admitted.ok) return admitted
  const { writeKey, sinks, limits } = admitted.value
  const keyId = writeKey.id
  const refuse = (refusal: Refusal, header?: BatchHeader, receipt?: ReceiptFault) =>
    fail({ refusal, keyId, ...(header && { batchId: header.batchId }), ...(receipt && { receipt }) })

  const limited = writeKey.tokenSecrets ? undefined : await countRequest(rateLimiter, writeKey)
  if (limited) return refuse(limited)

  const { contentType, encoding } = presentation
  if (!/^text\/plain\s*(;|$)/i.test(contentType ?? '')) return refuse({ reason: 'unsupported_media_type' })
  if (encoding !== undefined && encoding !== 'gzip') return refuse({ reason: 'unsupported_encoding' })

  // Whether a receipt is good shows with the last line.
  const room = receiptKeys.length > 0 ? { ...protocolLimits, headerBytes: limits.headerBytes } : limits
  const plain = await readPlain(presentation, room, platform.inflate)
  if (!plain.ok) return refuse(plain.fault)
  const { bytes, cutOff } = plain.value
  const { header: headerLine, rest } = splitBatch(bytes)
  const read = readHeader(headerLine, limits.headerBytes)
  if (read.ok && writeKey.tokenSecrets) {
    const verification = { secrets: writeKey.tokenSecrets, audience: keyId, now: now(), hmac: platform.hmac }
    const refusal = await refuseToken(read.value.token, verification)
    if (refusal) return refuse(refusal, read.value)
    const limited = await countRequest(rateLimiter, writeKey)
    if (limited) return refuse(limited, read.value)
  }
  const overflow = findOverflow(plain.value, limits)
  // Too much is said before a bad header, and the header is read none the less: a client cuts its batch in halves
  // only on the word of an answer that names it.
  if (overflow && (cutOff || !read.ok)) return refuse(overflow, read.ok ? read.value : undefined)
  if (!read.ok) return refuse(read.fault)
  const header = read.value

  const sent = { header, rest, clientDigest: await digest(rest, platform.sha256) }
  const verification = { keyId, receiptKeys, sinks, now: now(), platform }
  const before = header.receipt === undefined ? undefined : await takeWithReceipt(header.receipt, sent, verification)
  const fault = before?.ok === false ? before.fault : undefined
  if (overflow && !before?.ok) return refuse(overflow, header, fault)
  const taken = before?.ok ? before : await takeLines(sent, limits, platform.sha256)
  if (!taken.ok) return refuse(taken.fault, header, fault)
  const { checked, rejected } = taken.value

  const at = now()
  const sender = await describeSender(presentation.sender, asked, at, platform.hmac)
  const received = { ...toReceived(header, at), ...sender }
  return ok({
    batch: {
      batchId: header.batchId,
      keyId,
      header,
      digest: taken.value.digest,
      receivedAt: received.at,
      lines: enrich(checked, header.streamId, received),
    },
    clientDigest: sent.clientDigest,
    sinks,
    events: checked.filter((line) => line.kind === 'event').length,
    tombstones: checked.filter((line) => line.kind === 'tombstone').length,
    rejected,
    bytes: bytes.length,
    limits: taken.value.limits,
    have: before?.ok ? before.value.have : [],
    ignoredReceipt: before?.ok && before.value.isExpired ? 'expired' : fault,
  })
}

/** What is too large, and by which cap. */
type Overflow = Extract<Refusal, { reason: 'body_too_large' | 'batch_too_large' }>

/** The batch as it was before compression. */
interface Plain {
  bytes: Bytes
  /** The body as it travelled, in bytes. */
  bodyBytes: number
  /** There was more than there is room for, and `bytes` are its beginning. */
  cutOff?: Overflow['reason']
}

function findOverflow({ bytes, bodyBytes, cutOff }: Plain, limits: Limits): Overflow | undefined {
  if (cutOff === 'body_too_large' || bodyBytes > limits.bodyBytes) {
    return { reason: 'body_too_large', max: limits.bodyBytes }
  }
  if (cutOff || bytes.length > limits.batchBytes) return { reason: 'batch_too_large', max: limits.batchBytes }
}

/** What is too large by the length that it states is begun none the less: its header has to be read. */
async function readPlain(
  { request, encoding }: Presentation,
  room: Pick<Limits, 'bodyBytes' | 'batchBytes' | 'headerBytes'>,
  inflate: Platform['inflate'],
): Promise<Result<Plain, Refusal>> {
  const read = await readRequest(request, room.bodyBytes)
  if (!read.ok) return fail({ reason: 'body_incomplete' })
  const { bytes: sent, whole } = read.value
  const bodyBytes = sent.length
  if (!whole) {
    const cutOff = 'body_too_large'
    if (encoding === undefined) return ok({ bytes: sent, bodyBytes, cutOff })
    const head = await inflate(sent, room.headerBytes + 1)
    return ok({ bytes: head.ok ? head.value.bytes : new Uint8Array(), bodyBytes, cutOff })
  }
  if (encoding === undefined) return ok({ bytes: sent, bodyBytes })
  const inflated = await inflate(sent, room.batchBytes)
  if (!inflated.ok) return fail({ reason: inflated.fault })
  const { bytes, whole: isAll } = inflated.value
  return ok({ bytes, bodyBytes, ...(isAll ? {} : { cutOff: 'batch_too_large' }) })
}
