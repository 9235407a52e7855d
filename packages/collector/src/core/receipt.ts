import { fail, type Limits, ok, limits as protocolLimits, type Rejection, type Result } from '@waybill/protocol'
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

/** By what single events are rejected. */
export type EventLimits = Pick<Limits, (typeof eventLimits)[number]>
const eventLimits = ['eventBytes', 'propertiesBytes', 'stateBytes', 'depth'] as const

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

/** What a receipt says, of which nothing is to be believed before {@link verifyReceipt}. */
export interface Claim {
  readonly key: ReceiptKey
  /** Under which the batch was taken, so that what was rejected of it can be told again. */
  readonly limits: EventLimits
  /** In seconds since 1970. */
  readonly expires: number
  /** All that is signed, and the signature. */
  readonly text: string
  readonly signature: string
  /** A tag for each sink. */
  readonly tags: string
}

/** What a receipt of ours says. */
export interface Promised<Known> {
  /** These sinks have the batch. None, once it has expired. */
  readonly have: Known[]
  readonly isExpired: boolean
}

/** So many sinks are named by one receipt, which has 512 characters at most; the others have the batch once more. */
const MOST_SINKS = 32

/**
 * Version, signing key id, seconds since 1970 of issue and expiry and the limits of events in base 36, 12 characters for
 * each sink, HMAC-SHA256.
 */
const RECEIPT =
  /^(2\.([\w-]{1,16})\.[0-9a-z]{1,9}\.([0-9a-z]{1,9})\.([0-9a-z]{1,4}(?:-[0-9a-z]{1,4}){3})\.((?:[\w-]{12})*))\.([\w-]{43})$/

const encoder = new TextEncoder()

/**
 * @param limits under which it was found what is rejected
 * @param now in milliseconds since 1970
 */
export async function issueReceipt(
  { id, secret }: ReceiptKey,
  subject: ReceiptSubject,
  {
    sinks,
    limits,
    now,
    hmac,
  }: { sinks: readonly ReceiptSink[]; limits: EventLimits; now: number; hmac: Platform['hmac'] },
): Promise<string> {
  const issued = Math.floor(now / 1000)
  const times = [issued, issued + RECEIPT_LIFETIME].map((time) => time.toString(36))
  const taken = eventLimits.map((name) => limits[name].toString(36)).join('-')
  const named = await Promise.all(sinks.slice(0, MOST_SINKS).map((sink) => toTag(secret, sink, hmac)))
  const text = ['2', id, ...times, taken, named.join('')].join('.')
  return `${text}.${await sign(secret, text, subject, hmac)}`
}

export function readReceipt(receipt: string, keys: readonly ReceiptKey[]): Result<Claim, 'malformed' | 'unknown_key'> {
  const [, text, id, expires = '', taken = '', tags = '', signature = ''] = RECEIPT.exec(receipt) ?? []
  if (text === undefined) return fail('malformed')
  const key = keys.find((each) => each.id === id)
  if (!key) return fail('unknown_key')
  const numbers = taken.split('-').map((number) => Number.parseInt(number, 36))
  // Whoever made it up must not have more read than anybody.
  const limits = eventLimits.map((name, index) => [name, Math.min(numbers[index] ?? 0, protocolLimits[name])])
  return ok({
    ...{ key, text, tags, signature, expires: Number.parseInt(expires, 36) },
    limits: Object.fromEntries(limits) as EventLimits,
  })
}

/**
 * Which of these sinks have the batch, on the word of a receipt that we have signed. Of a sink whose configuration has
 * changed since it says nothing. Presented again and again it says the same: that these sinks have these bytes.
 */
export async function verifyReceipt<Known extends ReceiptSink>(
  { key: { secret }, text, signature, expires, tags }: Claim,
  subject: ReceiptSubject,
  { sinks, now, hmac }: { sinks: readonly Known[]; now: number; hmac: Platform['hmac'] },
): Promise<Result<Promised<Known>, 'mismatch'>> {
  const expected = await sign(secret, text, subject, hmac)
  if (!sameBytes(encoder.encode(expected), encoder.encode(signature))) return fail('mismatch')
  if (now >= expires * 1000) return ok({ have: [], isExpired: true })
  const named = new Set(tags.match(/.{12}/g))
  const known = await Promise.all(sinks.map(async (sink) => named.has(await toTag(secret, sink, hmac))))
  return ok({ have: sinks.filter((_, index) => known[index]), isExpired: false })
}

/** What a sink is called in a receipt: by a keyed hash, as a generation may be an address that no client is to learn. */
async function toTag(secret: string, { name, generation, guarantee }: ReceiptSink, hmac: Platform['hmac']) {
  const whole = await mac(secret, ['sink', name, generation, guarantee], hmac)
  return toBase64Url(whole.subarray(0, 9))
}

async function sign(secret: string, text: string, { batch, rejected }: ReceiptSubject, hmac: Platform['hmac']) {
  const accepted = rejected.map(({ seq, code }) => [seq, code])
  return toBase64Url(await mac(secret, ['receipt', text, batch.keyId, batch.batchId, batch.digest, accepted], hmac))
}

/** JSON keeps the parts apart: no two lists have one text. */
const mac = (secret: string, parts: readonly unknown[], hmac: Platform['hmac']): Promise<Bytes> =>
  hmac(encoder.encode(secret), encoder.encode(JSON.stringify(parts)))

const toBase64Url = (bytes: Bytes): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
