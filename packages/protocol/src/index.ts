export type { Accepted, Recorded, Rejection, RejectionCode } from './answer.ts'
export { fromBase64url, toBase64url } from './base64url.ts'
export { byteLength } from './byte-length.ts'
export { checkShape, type ShapeFault } from './check-shape.ts'
export {
  type CompleteEvent,
  type EndedSpan,
  type EventType,
  eventTypes,
  type Geo,
  type Json,
  type JsonObject,
  type Received,
} from './complete-event.ts'
export { type BatchHeader, type HeaderFault, isTimestamp, parseHeader } from './header.ts'
export { type Hmac, hmacSha256, signText } from './hmac-sha256.ts'
export {
  type BatchId,
  isDerivedStreamId,
  isSeq,
  isStreamId,
  type MessageId,
  type Seq,
  type StreamId,
  toBatchId,
  toMessageId,
} from './ids.ts'
export { checkTerms, type KeyLimits, type KeyTerms, type Rate } from './key-terms.ts'
export { type Limits, limits } from './limits.ts'
export { PROBLEM_TYPE, type Problem, type ProblemCode, problems } from './problem.ts'
export { fail, ok, type Result } from './result.ts'
export {
  type KeyClaims,
  MAX_KEY_LENGTH,
  MIN_SECRET_LENGTH,
  readClaims,
  type SigningKey,
  signKey,
  splitKey,
  toTokenSecret,
} from './signed-key.ts'
export { type Tombstone, tombstoneTypes } from './tombstone.ts'
