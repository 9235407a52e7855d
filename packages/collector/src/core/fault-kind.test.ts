import { expect, test } from 'vitest'
import { toFaultKind } from './fault-kind.ts'

test.each([
  ['answered 503', 'answered 503'],
  ['answered 403 SignatureDoesNotMatch', 'answered 403'],
  ['TimeoutError: after 3000 ms', 'timed out'],
  ['TypeError: fetch failed (ECONNREFUSED)', 'unreachable'],
  ['Error: getaddrinfo ENOTFOUND db.internal', 'unreachable'],
  ["Error: ENOENT: no such file or directory, stat '/srv/waybill/events'", 'failed'],
  ['the password hunter2 is wrong: answered 403', 'failed'],
  ['', 'failed'],
])('of %j anybody may know: %s', (detail, kind) => {
  expect(toFaultKind(detail)).toBe(kind)
})
