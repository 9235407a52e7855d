import { fail, ok, limits as protocolLimits, type Result } from '@waybill/protocol'
import type { Platform } from './platform.ts'
import { type Promised, type ReceiptFault, type ReceiptKey, readReceipt, verifyReceipt } from './receipt.ts'
import type { Sink } from './sink.ts'
import { type SentLines, type TakenLines, takeLines } from './take-lines.ts'

interface Verification {
  keyId: string
  receiptKeys: readonly ReceiptKey[]
  sinks: readonly Sink[]
  /** In milliseconds since 1970. */
  now: number
  platform: Platform
}

/**
 * Takes a batch as it was taken when its receipt was issued: under the same limits of events, so that the same are
 * rejected and its sinks have one version of it, and of any size that the protocol allows, as it had no more than was allowed then.
 * Its client never cuts such a batch in halves, which a sink that has it would hold besides. That counts of one that has
 * expired, too: it says no more who has the batch, and still how it was taken.
 */
export async function takeWithReceipt(
  receipt: string,
  sent: SentLines,
  { keyId, receiptKeys, sinks, now, platform }: Verification,
): Promise<Result<TakenLines & Promised<Sink>, ReceiptFault>> {
  const claim = readReceipt(receipt, receiptKeys)
  if (!claim.ok) return claim
  const taken = await takeLines(sent, { ...protocolLimits, ...claim.value.limits }, platform.sha256)
  if (!taken.ok) return fail('mismatch')
  const { digest, rejected } = taken.value
  const subject = { batch: { keyId, batchId: sent.header.batchId, digest }, rejected }
  const promised = await verifyReceipt(claim.value, subject, { sinks, now, hmac: platform.hmac })
  return promised.ok ? ok({ ...taken.value, ...promised.value }) : promised
}
