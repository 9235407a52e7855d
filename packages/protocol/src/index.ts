export type { Accepted, Recorded, Rejection, RejectionCode } from './answer.ts'
export { byteLength } from './byte-length.ts'
export { checkShape, type ShapeFault } from './check-shape.ts'
export {
  type CompleteEvent,
  type EndedSpan,
  type EventType,
  eventTypes,
  type Json,
  type JsonObject,
  type Received,
} from './complete-event.ts'
export { type BatchHeader, type HeaderFault, isTimestamp, parseHeader } from './header.ts'
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
export { type Limits, limits } from './limits.ts'
export { PROBLEM_TYPE, type Problem, type ProblemCode, problems } from './problem.ts'
export { fail, ok, type Result } from './result.ts'
export { type Tombstone, tombstoneTypes } from './tombstone.ts'
