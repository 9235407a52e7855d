import { expect, test } from 'vitest'
import { PROBLEM_TYPE, problems } from './problem.ts'

test('codes and their statuses are part of the wire: clients act on them', () => {
  expect(PROBLEM_TYPE).toBe('urn:waybill:problem:')
  const statuses = Object.entries(problems).map(([code, { status }]) => `${code} ${status}`)
  expect(statuses).toEqual([
    'body_incomplete 400',
    'invalid_encoding 400',
    'invalid_utf8 400',
    'invalid_header 400',
    'invalid_body 400',
    'range_mismatch 400',
    'unknown_key 401',
    'expired_key 401',
    'revoked_key 401',
    'token_required 401',
    'token_invalid 401',
    'token_expired 401',
    'origin_not_allowed 403',
    'no_sink 403',
    'not_found 404',
    'method_not_allowed 405',
    'body_too_large 413',
    'batch_too_large 413',
    'too_many_events 413',
    'unsupported_media_type 415',
    'unsupported_encoding 415',
    'rate_limited 429',
    'internal_error 500',
    'sink_unavailable 503',
  ])
})
