import type { BatchId, Rejection } from '@waybill/protocol'
import type { Accumulator } from './core/accumulator.ts'
import type { ConsentDecision } from './core/consent.ts'
import type { DropReason } from './core/drop-reason.ts'
import type { Priority } from './core/operation.ts'
import type { DeliveryError } from './core/records.ts'
import type { ShedReason } from './core/shed.ts'
import type { State } from './core/state.ts'
import type { BufferStats } from './core/stats.ts'
import type { FlushResult } from './flows/flush-buffers.ts'
import type { Span } from './flows/spans.ts'
import type { TrackResult } from './flows/stamping.ts'

/** Each event name with its properties: `createWaybill<{ 'Order Completed': { total: number } }>(…)`; an interface, too. */
export type EventMap<Events = { [event: string]: object }> = { [Name in keyof Events]: object }

/** What follows an event's name: the properties can be left out where none is required. */
export type TrackArguments<Properties> = object extends Properties
  ? [properties?: Properties, options?: TrackOptions]
  : [properties: Properties, options?: TrackOptions]

export interface WaybillEvents {
  /** This tab put so many events into the buffer. */
  stored: { events: number }
  /** The collector recorded a batch that this tab sent. */
  recorded: { batchId: BatchId; recorded: number; rejected: Rejection[] }
  /** The collector rejected an event of such a batch; its neighbours are recorded. */
  rejected: Rejection
  /** A call was refused before it got a seq, or its event, kept in memory, went with what was to be forgotten. */
  dropped: { reason: DropReason }
  /** Events gave way to a cap; tombstones stand in their places. */
  shed: { events: number; reason: ShedReason }
  /** Delivery or storage is in trouble; what is stored stays, and is tried again. */
  error: Pick<DeliveryError, 'code' | 'detail'>
}

export interface TrackOptions {
  /** Which events give way first when the buffer is full. Default `normal`. */
  priority?: Priority
  /**
   * Joins the registered properties in the event's own transaction: the event and all later ones carry it. If it can't be
   * kept, neither is the event.
   */
  set?: object
}

/** No method throws, and no promise rejects. */
export interface Waybill<
  Events extends EventMap<Events> = EventMap,
  Accumulators extends readonly Accumulator[] = readonly Accumulator[],
> {
  /** Something happened. Serialised and written at once; `properties` may change afterwards. */
  track: <Name extends keyof Events & string>(
    event: Name,
    ...propertiesAndOptions: TrackArguments<Events[Name]>
  ) => Promise<TrackResult>
  /**
   * Starts something that takes a while, or goes on with it, where it is open: in another tab, or since an earlier page.
   * One event of this name tells of it when it ends.
   */
  start: <Name extends keyof Events & string>(event: Name, properties?: Partial<Events[Name]>) => Span<Events[Name]>
  /** A page was seen. */
  page: (name?: string, properties?: object) => Promise<TrackResult>
  /** Says who the person is: this event and every later one carry `userId`, and the traits as `state.identity`. */
  identify: (userId: string, traits?: object) => Promise<TrackResult>
  /** Says which group the person belongs to: this event and every later one carry it as `state.identity`. */
  group: (groupId: string, traits?: object) => Promise<TrackResult>
  /** Puts these properties on every later event, as `state.registered`. 6,144 bytes of JSON in all. */
  register: (properties: object) => Promise<TrackResult>
  unregister: (...names: string[]) => Promise<TrackResult>
  /** Another person from here on: a new stream, a new anonymousId, nothing registered or accumulated. */
  reset: () => Promise<TrackResult>
  /**
   * Sends now. Resolves when all that was tracked before is recorded, or says what is not and why.
   *
   * @param options `timeout` in ms, default 10,000
   */
  flush: (options?: { timeout?: number }) => Promise<FlushResult>
  stats: () => Promise<BufferStats>
  /** What is stored of the person now, and what has accumulated in this page. */
  state: () => Promise<State<Accumulators>>
  /**
   * Tells the state now and after each change by any tab; many changes may be told as one. Where the browser has no
   * BroadcastChannel only this tab's own. Returns the function that takes the listener off again.
   */
  subscribe: (listener: (state: State<Accumulators>) => void) => () => void
  /** Returns the function that takes the listener off again. */
  on: <Name extends keyof WaybillEvents>(name: Name, listener: (payload: WaybillEvents[Name]) => void) => () => void
  /**
   * Writes down what the visitor decided; it counts for all tabs, until the next decision. `granted` stores and sends
   * what waited for it. `denied` empties the buffer and ends the stream. Resolves when that is done.
   */
  consent: (decision: ConsentDecision) => Promise<void>
  /** Empties the buffer, unsent events too, and ends the stream: nothing after leads back to what was before. */
  forget: () => Promise<void>
  /** Stops for good. What is stored stays, and is sent by the next page. */
  close: () => Promise<void>
}
