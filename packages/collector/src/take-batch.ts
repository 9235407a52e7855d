import { type BatchHeader, fail, type Limits, ok, type Rejection, type Result } from '@waybill/protocol'
import { admit, type Gate } from './core/admit.ts'
import type { Batch } from './core/batch.ts'
import type { Bytes } from './core/bytes.ts'
import { checkLines } from './core/check-lines.ts'
import { digest } from './core/digest.ts'
import { enrich, toReceived } from './core/enrich.ts'
import type { Platform } from './core/platform.ts'
import { readHeader } from './core/read-header.ts'
import { readUpTo } from './core/read-up-to.ts'
import type { Refusal, Refused } from './core/refusal.ts'
import { describeSender, type EnrichOptions, type Sender } from './core/sender.ts'
import type { Sink } from './core/sink.ts'
import { splitBatch, splitLines } from './core/split-batch.ts'
import { toTakenDigest } from './core/taken-digest.ts'
import { refuseToken } from './core/verify-token.ts'

/** What a request brings. */
export interface Presentation {
  key: string | undefined
  encoding: string | undefined
  origin: string | undefined
  contentType: string | undefined
  body: ReadableStream<Uint8Array> | null
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

/** What a collector holds presentations against. */
export interface BatchTaker extends Gate {
  enrich: EnrichOptions
  now: () => number
  platform: Platform
}

/** authenticate → inflate → split → validate → enrich: from a request to a batch, or to why there is none. */
export async function takeBatch(
  presentation: Presentation,
  { enrich: asked, now, platform, ...gate }: BatchTaker,
): Promise<Result<TakenBatch, Refused>> {
  const admitted = await admit(presentation, gate)
  if (!admitted.ok) return admitted
  const { writeKey, sinks, limits } = admitted.value
  const keyId = writeKey.id
  const refuse = (refusal: Refusal, header?: BatchHeader) =>
    fail({ refusal, keyId, ...(header && { batchId: header.batchId }) })

  const { contentType, encoding } = presentation
  if (!/^text\/plain\s*(;|$)/i.test(contentType ?? '')) return refuse({ reason: 'unsupported_media_type' })
  if (encoding !== undefined && encoding !== 'gzip') return refuse({ reason: 'unsupported_encoding' })

  const plain = await readPlain(presentation, limits, platform.inflate)
  if (!plain.ok) return refuse(plain.fault)
  const { bytes, overflow } = plain.value
  const { header: headerLine, rest } = splitBatch(bytes)
  const read = readHeader(headerLine, limits.headerBytes)
  if (read.ok && writeKey.tokenSecrets) {
    const verification = { secrets: writeKey.tokenSecrets, audience: keyId, now: now(), hmac: platform.hmac }
    const refusal = await refuseToken(read.value.token, verification)
    if (refusal) return refuse(refusal, read.value)
  }
  // Too much is said before a bad header, and the header is read none the less: a client cuts its batch in halves
  // only on the word of an answer that names it.
  if (overflow) return refuse(overflow, read.ok ? read.value : undefined)
  if (!read.ok) return refuse(read.fault)
  const header = read.value

  const lines = splitLines(rest, limits.batchEvents)
  if (!lines.ok) return refuse({ reason: lines.fault, max: limits.batchEvents }, header)
  const checked = checkLines(lines.value, header, limits)
  if (!checked.ok) return refuse(checked.fault, header)

  const at = now()
  const sender = await describeSender(presentation.sender, asked, at, platform.hmac)
  const received = { ...toReceived(header, at), ...sender }
  const rejected = checked.value.flatMap((line) => (line.kind === 'rejected' ? [line.rejection] : []))
  const clientDigest = await digest(rest, platform.sha256)
  return ok({
    batch: {
      batchId: header.batchId,
      keyId,
      header,
      digest: await toTakenDigest(clientDigest, rejected, platform.sha256),
      receivedAt: received.at,
      lines: enrich(checked.value, header.streamId, received),
    },
    clientDigest,
    sinks,
    events: checked.value.filter((line) => line.kind === 'event').length,
    tombstones: checked.value.filter((line) => line.kind === 'tombstone').length,
    rejected,
    bytes: bytes.length,
  })
}

/** What is too large, and by which cap. */
type Overflow = Extract<Refusal, { reason: 'body_too_large' | 'batch_too_large' }>

/** The batch as it was before compression; with an overflow, only its beginning. */
interface Plain {
  bytes: Bytes
  overflow?: Overflow
}

/** The length that a request states is not looked at: it may lie, and the header has to be read anyway. */
async function readPlain(
  { body, encoding }: Presentation,
  { bodyBytes, batchBytes, headerBytes }: Limits,
  inflate: Platform['inflate'],
): Promise<Result<Plain, Refusal>> {
  const read = body ? await readUpTo(body, bodyBytes) : ok({ bytes: new Uint8Array(), whole: true })
  if (!read.ok) return fail({ reason: 'body_incomplete' })
  const sent = read.value
  if (!sent.whole) {
    const overflow: Overflow = { reason: 'body_too_large', max: bodyBytes }
    if (encoding === undefined) return ok({ bytes: sent.bytes, overflow })
    const head = await inflate(sent.bytes, headerBytes + 1)
    return ok({ bytes: head.ok ? head.value.bytes : new Uint8Array(), overflow })
  }
  const overflow: Overflow = { reason: 'batch_too_large', max: batchBytes }
  if (encoding === undefined) {
    return ok(sent.bytes.length > batchBytes ? { bytes: sent.bytes, overflow } : { bytes: sent.bytes })
  }
  const inflated = await inflate(sent.bytes, batchBytes)
  if (!inflated.ok) return fail({ reason: inflated.fault })
  const { bytes, whole } = inflated.value
  return ok(whole ? { bytes } : { bytes, overflow })
}
