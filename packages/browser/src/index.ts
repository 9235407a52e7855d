export type { Rejection } from '@waybill/protocol'
export {
  type Accumulator,
  defineAccumulator,
  type FoldContext,
  type Scope,
  type TrackedEvent,
} from './core/accumulator.ts'
export { counts } from './core/accumulators/counts.ts'
export { type IdentityState, identity } from './core/accumulators/identity.ts'
export type { PageView } from './core/accumulators/page-view.ts'
export { type Session, session } from './core/accumulators/session.ts'
export { type Touch, type Touches, touch } from './core/accumulators/touch.ts'
export { type Visitor, visitor } from './core/accumulators/visitor.ts'
export type { OutgoingEvent } from './core/before-send.ts'
export type { Campaign } from './core/campaign.ts'
export type { Consent, ConsentDecision } from './core/consent.ts'
export type { DropReason } from './core/drop-reason.ts'
export type { Priority } from './core/operation.ts'
export type { DeliveryError } from './core/records.ts'
export type { ShedReason } from './core/shed.ts'
export type { CompleteEvent, State } from './core/state.ts'
export type { BufferStats } from './core/stats.ts'
export { createCoreWaybill, createWaybill } from './create-waybill.ts'
export type { FlushResult } from './flows/flush-buffers.ts'
export type { Span } from './flows/spans.ts'
export type { TrackResult } from './flows/stamping.ts'
export type { WaybillOptions } from './options.ts'
export { pageView } from './page-view.ts'
export type { EventMap, TrackArguments, TrackOptions, Waybill, WaybillEvents } from './waybill.ts'
