import { type BatchHeader, fail, parseHeader, type Result } from '@waybill/protocol'
import type { Bytes } from './bytes.ts'
import { decodeUtf8 } from './decode-utf8.ts'
import type { Refusal } from './refusal.ts'

type HeaderRefusal = Extract<Refusal, { reason: 'invalid_utf8' | 'invalid_header' }>

/**
 * Reads line 1 of a batch, of at most `max` bytes. A member that is named twice counts as it was named last: nobody
 * else reads this line, as only what is read here goes on.
 */
export function readHeader(line: Bytes, max: number): Result<BatchHeader, HeaderRefusal> {
  if (line.length > max) return fail({ reason: 'invalid_header', fault: { reason: 'too_long', max } })
  const text = decodeUtf8(line)
  if (text === undefined) return fail({ reason: 'invalid_utf8' })
  const header = parseHeader(text)
  return header.ok ? header : fail({ reason: 'invalid_header', fault: header.fault })
}
