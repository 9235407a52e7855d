import { fail, ok, type Rejection, type Result } from '@waybill/protocol'
import type { Batch } from './batch.ts'
import type { Bytes } from './bytes.ts'
import type { Platform } from './platform.ts'
import { sameBytes } from './same-bytes.ts'
import type { Sink } from './sink.ts'

/** What receipts are signed with. Its id travels in them, so that keys can be rotated; the secret does not. */
export interface ReceiptKey {
  /** `[A-Za-z0-9_-]`, 1 to 16 characters. */
  readonly id: string
  /** 32 characters or more, of chance; the same for every collector that the same clients come to. */
  readonly secret: string
}

/** What a receipt is about: other bytes, or the same of which other lines were rejected, are another batch to the sinks. */
export interface ReceiptSubject {
  readonly batch: Pick<Batch, 'keyId' | 'batchId' | 'digest'>
  readonly rejected: readonly Pick<Rejection, 'seq' | 'code'>[]
}

/** A sink as far as a receipt speaks of it. */
export type ReceiptSink = Pick<Sink, 'name' | 'generation' | 'guarantee'>

/**
 * Why a receipt counts as none:
 * - `malformed`: it is no text of ours.
 * - `unknown_key`: it names a signing key that is not, or no longer, configured.
 * - `mismatch`: it was tampered with, or issued for another site, another batch or other bytes.
 * - `expired`.
 */
export type ReceiptFault = 'malformed' | 'unknown_key' | 'mismatch' | 'expired'

/**
 * For how long a receipt is taken, in seconds: 7 days. A client may be away for as long as it likes; it then costs a
 * repeat.
 */
export const RECEIPT_LIFETIME: number = 7 * 24 * 3600

/** So many sinks are named by one receipt, which has 512 characters at most; the others have the batch once more. */
const MOST_SINKS = 32

/** Version, signing key id, seconds since 1970 of issue and expiry in base 36, 12 characters for each sink, HMAC-SHA256. */
const RECEIPT = /^1\.([\w-]{1,16})\.([0-9a-z]{1,9})\.([0-9a-z]{1,9})\.((?:[\w-]{12})*)\.([\w-]{43})$/

const encoder = new TextEncoder()

/** @param now in milliseconds since 1970 */
export async function issueReceipt(
  { id, secret }: ReceiptKey,
  subject: ReceiptSubject,
  { sinks, now, hmac }: { sinks: readonly ReceiptSink[]; now: number; hmac: Platform['hmac'] },
): Promise<string> {
  const issued = Math.floor(now / 1000)
  const times = [issued, issued + RECEIPT_LIFETIME].map((time) => time.toString(36))
  const named = await Promise.all(sinks.slice(0, MOST_SINKS).map((sink) => toTag(secret, sink, hmac)))
  const claim = ['1', id, ...times, named.join('')].join('.')
  return `${claim}.${await sign(secret, claim, subject, hmac)}`
}

/**
 * Which of these sinks have the batch, on the word of a receipt that we have signed. Of a sink whose configuration has
 * changed since it says nothing. Presented again and again it says the same: that these sinks have these bytes.
 */
export async function readReceipt<Known extends ReceiptSink>(
  receipt: string,
  keys: readonly ReceiptKey[],
  subject: ReceiptSubject,
  { sinks, now, hmac }: { sinks: readonly Known[]; now: number; hmac: Platform['hmac'] },
): Promise<Result<Known[], ReceiptFault>> {
  const [, id, , expires = '', tags = '', signature = ''] = RECEIPT.exec(receipt) ?? []
  if (id === undefined) return fail('malformed')
  const key = keys.find((each) => each.id === id)
  if (!key) return fail('unknown_key')
  const expected = await sign(key.secret, receipt.slice(0, receipt.lastIndexOf('.')), subject, hmac)
  if (!sameBytes(encoder.encode(expected), encoder.encode(signature))) return fail('mismatch')
  if (now >= Number.parseInt(expires, 36) * 1000) return fail('expired')
  const named = new Set(tags.match(/.{12}/g))
  const known = await Promise.all(sinks.map(async (sink) => named.has(await toTag(key.secret, sink, hmac))))
  return ok(sinks.filter((_, index) => known[index]))
}

/** What a sink is called in a receipt: by a keyed hash, as a generation may be an address that no client is to learn. */
async function toTag(secret: string, { name, generation, guarantee }: ReceiptSink, hmac: Platform['hmac']) {
  const whole = await mac(secret, ['sink', name, generation, guarantee], hmac)
  return toBase64Url(whole.subarray(0, 9))
}

async function sign(secret: string, claim: string, { batch, rejected }: ReceiptSubject, hmac: Platform['hmac']) {
  const accepted = rejected.map(({ seq, code }) => [seq, code])
  return toBase64Url(await mac(secret, ['receipt', claim, batch.keyId, batch.batchId, batch.digest, accepted], hmac))
}

/** JSON keeps the parts apart: no two lists have one text. */
const mac = (secret: string, parts: readonly unknown[], hmac: Platform['hmac']): Promise<Bytes> =>
  hmac(encoder.encode(secret), encoder.encode(JSON.stringify(parts)))

const toBase64Url = (bytes: Bytes): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
