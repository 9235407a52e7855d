import type { BatchId } from './ids.ts'

/** The stable codes: for programs, and never given another meaning. */
export type ProblemCode =
  | 'body_incomplete'
  | 'invalid_encoding'
  | 'invalid_utf8'
  | 'invalid_header'
  | 'invalid_body'
  | 'range_mismatch'
  | 'unknown_key'
  | 'expired_key'
  | 'revoked_key'
  | 'token_required'
  | 'token_invalid'
  | 'token_expired'
  | 'origin_not_allowed'
  | 'no_sink'
  | 'not_found'
  | 'method_not_allowed'
  | 'body_too_large'
  | 'batch_too_large'
  | 'too_many_events'
  | 'unsupported_media_type'
  | 'unsupported_encoding'
  | 'rate_limited'
  | 'internal_error'
  | 'sink_unavailable'

/** Every refusal of a whole request: its code, its HTTP status and its title for people (RFC 9457). */
export const problems: Readonly<Record<ProblemCode, { status: number; title: string }>> = {
  body_incomplete: { status: 400, title: 'The body broke off before its end' },
  invalid_encoding: { status: 400, title: 'The body is not the gzip it claims to be' },
  invalid_utf8: { status: 400, title: 'The header line is not UTF-8' },
  invalid_header: { status: 400, title: 'The header line is not a batch header' },
  invalid_body: { status: 400, title: 'The body is not what its path takes' },
  range_mismatch: { status: 400, title: 'The lines are not the stream and range of the header' },
  unknown_key: { status: 401, title: 'The write key is not known here' },
  expired_key: { status: 401, title: 'The write key has expired' },
  revoked_key: { status: 401, title: 'The write key was revoked' },
  token_required: { status: 401, title: 'The write key asks for a token' },
  token_invalid: { status: 401, title: 'The token is not one of this site' },
  token_expired: { status: 401, title: 'The token has expired' },
  origin_not_allowed: { status: 403, title: 'The write key does not allow this origin' },
  no_sink: { status: 403, title: 'The write key names no destination of this collector' },
  not_found: { status: 404, title: 'Nothing is served at this path' },
  method_not_allowed: { status: 405, title: 'The path does not take this method' },
  body_too_large: { status: 413, title: 'The body is larger than this collector takes' },
  batch_too_large: { status: 413, title: 'The inflated batch is larger than this collector takes' },
  too_many_events: { status: 413, title: 'The batch holds more lines than this collector takes' },
  unsupported_media_type: { status: 415, title: 'The body is not text/plain' },
  unsupported_encoding: { status: 415, title: 'The body is neither plain nor gzip' },
  rate_limited: { status: 429, title: 'The write key presents batches too often' },
  internal_error: { status: 500, title: 'The collector failed' },
  sink_unavailable: { status: 503, title: 'A required sink did not take the batch' },
}

/** The prefix of every `type` URI of ours: how a client tells our refusal from a captive portal's. */
export const PROBLEM_TYPE: string = 'urn:waybill:problem:'

/** The body of a refusal, `application/problem+json`. */
export interface Problem {
  /** `urn:waybill:problem:<code>` */
  type: string
  title: string
  status: number
  code: ProblemCode
  /** What was wrong with this request, and what to do. */
  detail: string
  /** Present once the header was read. */
  batchId?: BatchId
  /** Seconds. */
  retryAfter?: number
  /** Which sinks have the batch already. */
  receipt?: string
}
