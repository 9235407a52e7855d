import { type BatchId, PROBLEM_TYPE, type Problem, type ProblemCode, problems } from '@waybill/protocol'
import type { Refusal, TokenFault } from './refusal.ts'

/** What a client is told of a refusal (RFC 9457). */
export function toProblem(refusal: Refusal, batchId?: BatchId): Problem {
  const code: ProblemCode = refusal.reason
  return {
    type: PROBLEM_TYPE + code,
    ...problems[code],
    code,
    detail: toDetail(refusal),
    ...(batchId === undefined ? {} : { batchId }),
    ...(refusal.reason === 'sink_unavailable' || refusal.reason === 'rate_limited'
      ? { retryAfter: refusal.retryAfter }
      : {}),
    ...(refusal.reason === 'sink_unavailable' && refusal.receipt ? { receipt: refusal.receipt } : {}),
  }
}

function toDetail(refusal: Refusal): string {
  switch (refusal.reason) {
    case 'not_found':
      return 'Batches go to the path that this collector was set up with; it is /v1/events unless changed.'
    case 'method_not_allowed':
      return `Use ${refusal.allowed.join(' or ')}.`
    case 'unknown_key':
      return refusal.present
        ? 'Compare the query parameter `key` with the write keys that the collector was set up with.'
        : 'Send the write key as the query parameter `key`.'
    case 'expired_key':
      return `It expired at ${refusal.expiredAt}. Give the site a new one, made with \`waybill key create\`; what is buffered there is kept.`
    case 'revoked_key':
      return 'Give the site a new one, made with `waybill key create`; what is buffered there is kept.'
    case 'origin_not_allowed':
      return refusal.present
        ? 'Add this origin to those of the write key, exactly as the browser sends it, scheme and port included.'
        : "Send an Origin header, as browsers do by themselves; a server needs a write key whose origins are 'server'."
    case 'no_sink':
      return `Configure a required sink by one of the names in the write key, ${refusal.named.join(', ')}, or give the site another key.`
    case 'rate_limited':
      return `Present the same batch again after ${refusal.retryAfter} s.`
    case 'token_required':
      return 'Send a token of the site as `token` in the header line: with the SDK, set its option `token`.'
    case 'token_invalid':
      return toTokenDetail(refusal.fault)
    case 'token_expired':
      return `It expired at ${refusal.expiredAt}. Get a new one, and present the same batch again.`
    case 'unsupported_media_type':
      return 'Send the header Content-Type: text/plain.'
    case 'unsupported_encoding':
      return 'Leave the query parameter `encoding` out, or set it to gzip.'
    case 'body_incomplete':
      return 'Present the same batch again: the connection was lost, or the sender left.'
    case 'body_too_large':
      return `Send at most ${refusal.max} bytes: cut the batch in halves.`
    case 'batch_too_large':
      return `Send at most ${refusal.max} bytes, counted before compression: cut the batch in halves.`
    case 'invalid_encoding':
      return 'Send one whole gzip member and nothing after it, or leave the query parameter `encoding` out.'
    case 'invalid_utf8':
      return 'Send the header line as UTF-8.'
    case 'invalid_header':
      return toHeaderDetail(refusal.fault)
    case 'invalid_body':
      return 'Send one JSON object: an event, or to /v1/batch one with an array of events as its member `batch`.'
    case 'too_many_events':
      return `Send at most ${refusal.max} lines after the header: cut the batch in halves.`
    case 'range_mismatch':
      return `${refusal.line === undefined ? 'The end' : `Line ${refusal.line}`}: expected ${refusal.expected}, found ${refusal.found}.`
    case 'sink_unavailable':
      return `Present the same batch again after ${refusal.retryAfter} s. Not taken by: ${refusal.sinks.join(', ')}.`
    case 'internal_error':
      return "Present the same batch again later. The collector's log says what went wrong."
  }
}

function toHeaderDetail(fault: Extract<Refusal, { reason: 'invalid_header' }>['fault']): string {
  switch (fault.reason) {
    case 'too_long':
      return `Line 1 is longer than ${fault.max} bytes.`
    case 'invalid_json':
      return 'Line 1 is not JSON.'
    case 'invalid_member':
      return `\`${fault.member}\`: expected ${fault.expected}.`
  }
}

function toTokenDetail(fault: TokenFault): string {
  switch (fault) {
    case 'malformed':
      return 'Send a JWT in its compact form.'
    case 'signature':
      return "Sign it as HS256 with the site's token secret, taken as UTF-8 text."
    case 'algorithm':
      return 'Set `alg` to HS256 in its header, and leave `crit` out.'
    case 'expiry':
      return 'Set `exp` to the time at which it expires, in seconds since 1970.'
    case 'not_yet':
      return 'Its `nbf` is in the future: compare the clock of the backend that minted it.'
    case 'audience':
      return 'Set `aud` to the id of the write key.'
  }
}
