import { type BatchId, isSeq, isStreamId, type Seq, type StreamId, toBatchId } from './ids.ts'
import { fail, ok, type Result } from './result.ts'

/** Line 1 of a batch. Everything that may differ between two presentations of the same batch is here, and only here. */
export interface BatchHeader {
  /** The version of the wire. */
  v: 1
  batchId: BatchId
  streamId: StreamId
  first: Seq
  last: Seq
  /** The device's clock when the batch was cut; the same on every repeat. RFC 3339, UTC, milliseconds. */
  cutAt: string
  /** Name and version of the sender, `@waybill/browser/0.1.0`. */
  sdk: string
  /** The device's clock when this presentation was sent. RFC 3339, UTC, milliseconds. */
  sentAt: string
  /** 1 for the first presentation. */
  attempt: number
  /** A copy sent while leaving: nobody waits for its answer, and its `sentAt` says nothing about the clock. */
  copy?: boolean
  /** Which sinks have this batch already, as the collector last said. */
  receipt?: string
  /** A short-lived token that the site's own backend minted. */
  token?: string
}

/** Why a header was not understood; `member` is what to look at. */
export type HeaderFault = { reason: 'invalid_json' } | { reason: 'invalid_member'; member: string; expected: string }

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** Whether this is an instant as `Date.prototype.toISOString` writes it, in a year of four digits. */
export const isTimestamp = (value: unknown): value is string =>
  typeof value === 'string' && TIMESTAMP.test(value) && !Number.isNaN(Date.parse(value))

/** Reads line 1 of a batch. Unknown members are left out. */
export function parseHeader(text: string): Result<BatchHeader, HeaderFault> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return fail({ reason: 'invalid_json' })
  }
  const wrong = (member: string, expected: string) => fail({ reason: 'invalid_member' as const, member, expected })
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('header', 'an object')
  const { v, batchId, streamId, first, last, cutAt, sdk, sentAt, attempt, copy, receipt, token } = value as Record<
    string,
    unknown
  >
  if (v !== 1) return wrong('v', '1')
  if (!isStreamId(streamId)) return wrong('streamId', 'a lower-case UUID')
  if (!isSeq(first)) return wrong('first', 'an integer from 1')
  if (!isSeq(last) || last < first) return wrong('last', 'an integer from `first`')
  const expectedId = toBatchId(streamId, first, last)
  if (batchId !== expectedId) return wrong('batchId', expectedId)
  if (!isTimestamp(cutAt)) return wrong('cutAt', 'RFC 3339 in UTC with milliseconds')
  if (!isTimestamp(sentAt)) return wrong('sentAt', 'RFC 3339 in UTC with milliseconds')
  if (typeof sdk !== 'string' || sdk === '' || sdk.length > 100) return wrong('sdk', 'a text of 1 to 100 characters')
  if (!Number.isSafeInteger(attempt) || (attempt as number) < 1) return wrong('attempt', 'an integer from 1')
  if (copy !== undefined && typeof copy !== 'boolean') return wrong('copy', 'a boolean')
  if (receipt !== undefined && typeof receipt !== 'string') return wrong('receipt', 'a text')
  if (token !== undefined && typeof token !== 'string') return wrong('token', 'a text')
  return ok({
    v,
    batchId: expectedId,
    streamId,
    first,
    last,
    cutAt,
    sdk,
    sentAt,
    attempt: attempt as number,
    ...(copy === undefined ? {} : { copy }),
    ...(receipt === undefined ? {} : { receipt }),
    ...(token === undefined ? {} : { token }),
  })
}
