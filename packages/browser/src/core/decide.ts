import { type BatchId, PROBLEM_TYPE, type Rejection } from '@waybill/protocol'
import { parseObject } from './parse-object.ts'
import type { DeliveryError } from './records.ts'
import { timestamp } from './timestamp.ts'

/** What came back for one presentation: a whole HTTP answer, or status 0 and why there is none. */
export interface Answer {
  status: number
  /** The text of the header. */
  retryAfter?: string | null
  body?: string
  failure?: string
}

export type Decision =
  /** Our collector has it: forget the range. */
  | { kind: 'recorded'; recorded: number; rejected: Rejection[] }
  /** Our collector takes smaller batches only: redraw the cut as two. */
  | { kind: 'halved' }
  /** Nobody entitled to say so took it: keep it, and present it again after `wait` ms. */
  | { kind: 'kept'; wait: number; byServer: boolean; receipt?: string; error?: DeliveryError }

export interface Presentation {
  batchId: BatchId
  /** How often in a row nobody took it before. */
  failures: number
  lines: number
  receipt?: string
  /** ms since 1970 */
  now: number
  /** From 0 to 1, for the jitter. */
  random: number
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** `Retry-After` (RFC 9110, section 10.2.3) in ms, as seconds or as a date, clamped to an hour; nonsense is undefined. */
function parseRetryAfter(text: string | undefined, now: number): number | undefined {
  if (!text) return undefined
  const seconds = Number(text)
  const wait = Number.isNaN(seconds) ? Date.parse(text) - now : seconds * SECOND
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), HOUR)
}

/**
 * What an answer means for the batch that was presented. A batch is forgotten, halved or refused only on the word of
 * a Waybill collector; whatever else answers (a captive portal, an ad blocker, a broken proxy) is an outage. There is
 * no limit on attempts.
 */
export function decide(answer: Answer, presentation: Presentation): Decision {
  const { batchId, failures, lines, receipt, now, random } = presentation
  const { status, retryAfter, failure } = answer
  const body = parseObject(answer.body)
  const named = body.batchId === batchId
  const ours = toText(body.type).startsWith(PROBLEM_TYPE)

  if (status === 200 && named && Number.isInteger(body.recorded) && Array.isArray(body.rejected)) {
    return { kind: 'recorded', recorded: body.recorded as number, rejected: body.rejected }
  }
  if (status === 413 && ours && named && lines > 1 && !receipt) return { kind: 'halved' }

  const asked = parseRetryAfter(retryAfter ?? JSON.stringify(body.retryAfter), now)
  const kept = { kind: 'kept' as const, receipt: (named && toText(body.receipt)) || receipt }
  if (status === 202 && named) return { ...kept, wait: asked || SECOND, byServer: true }

  const error = {
    code: ours ? toText(body.code) : failure ? 'outage' : `http_${status}`,
    detail: failure ?? toText(body.detail),
    at: timestamp(now),
    ...(ours && status < 500 && status !== 429 ? { refused: true } : {}),
  }
  // Exponential backoff with full jitter. A refusal of the whole site lasts until somebody mends it: ask rarely.
  const base = ours && [401, 403, 404].includes(status) ? MINUTE : SECOND
  const wait = asked || Math.min(HOUR, base * 2 ** failures) * random
  return { ...kept, wait, byServer: !!asked && ours, error }
}

const toText = (value: unknown) => (typeof value === 'string' ? value : '')
