import type { BatchId, HeaderFault } from '@waybill/protocol'
import type { ReceiptFault } from './receipt.ts'

/** Why a request was not answered with 200. A new arm does not compile until `toProblem` answers it. */
export type Refusal =
  | { reason: 'not_found' }
  | { reason: 'method_not_allowed'; allowed: readonly string[] }
  | { reason: 'unknown_key'; present: boolean }
  | { reason: 'expired_key'; expiredAt: string }
  | { reason: 'revoked_key' }
  | { reason: 'origin_not_allowed'; present: boolean }
  | { reason: 'no_sink'; named: readonly string[] }
  | { reason: 'rate_limited'; retryAfter: number }
  | { reason: 'token_required' }
  | { reason: 'token_invalid'; fault: TokenFault }
  | { reason: 'token_expired'; expiredAt: string }
  | { reason: 'unsupported_media_type' }
  | { reason: 'unsupported_encoding' }
  | { reason: 'body_incomplete' }
  | { reason: 'body_too_large'; max: number }
  | { reason: 'batch_too_large'; max: number }
  | { reason: 'invalid_encoding' }
  | { reason: 'invalid_utf8' }
  | { reason: 'invalid_header'; fault: HeaderFault | { reason: 'too_long'; max: number } }
  | { reason: 'invalid_body' }
  | { reason: 'too_many_events'; max: number }
  | { reason: 'range_mismatch'; line?: number; expected: string; found: string }
  | { reason: 'sink_unavailable'; retryAfter: number; sinks: readonly string[]; receipt?: string }
  | { reason: 'internal_error' }

/** Why a token is not one of a site's. */
export type TokenFault = 'malformed' | 'signature' | 'algorithm' | 'expiry' | 'not_yet' | 'audience'

/** A refusal, and as much of the request as was understood when it came to it. */
export interface Refused {
  refusal: Refusal
  keyId?: string
  /** The client acts on some refusals only when they name the batch it is waiting for. */
  batchId?: BatchId
  /** Why the receipt that came with it was ignored: the batch was held against the limits of now. */
  receipt?: ReceiptFault
}
