import type { CompleteEvent, JsonObject } from '@waybill/protocol'
import type { BufferHealth, FoldContext, TrackedEvent } from '../src/core/accumulator.ts'
import type { IdentityState } from '../src/core/accumulators/identity.ts'
import type { Session } from '../src/core/accumulators/session.ts'
import type { Visitor } from '../src/core/accumulators/visitor.ts'
import type { EventOperation, Operation, SpanOperation } from '../src/core/operation.ts'
import type { StampEnvironment } from '../src/core/stamp.ts'
import { timestamp } from '../src/core/timestamp.ts'

/** 2026-11-22T10:00:00.000Z */
export const T0: number = Date.parse('2026-11-22T10:00:00.000Z')

export const MINUTE = 60_000

/** A `track` call at `at`, as it waits to be stamped. */
export const tracked = (
  event: string,
  { at = T0, properties = {}, ...rest }: { at?: number; properties?: JsonObject } & Partial<EventOperation> = {},
): EventOperation => ({
  kind: 'event',
  at,
  text: JSON.stringify({ type: 'track', event, properties, timestamp: timestamp(at) }),
  ...rest,
})

export const identified = (userId: string, { at = T0 } = {}): EventOperation => ({
  kind: 'event',
  at,
  text: JSON.stringify({ type: 'identify', traits: {}, timestamp: timestamp(at) }),
  userId,
})

export const registered = (properties: JsonObject): Operation => ({ kind: 'register', at: T0, properties })
export const unregistered = (...names: string[]): Operation => ({ kind: 'unregister', at: T0, names })
export const reset: Operation = { kind: 'reset', at: T0 }

/** A call to the span `Checkout` of page `p`, so many ms after T0 by every clock. Its id is its name. */
export const spanCall = (
  call: SpanOperation['call'],
  {
    after = 0,
    boot = 'p',
    name = 'Checkout',
    id = name,
    ran = after,
    ...members
  }: { after?: number; boot?: string } & Partial<SpanOperation> = {},
): SpanOperation => ({
  kind: 'span',
  at: T0 + after,
  call,
  name,
  id,
  monotonic: { boot, ms: after },
  ran,
  ...members,
})

/** UUIDs that count, so that a test can tell one from another, and say when they were made. */
export function createMint(now: () => number = () => 0): () => string {
  let minted = 0
  return () => {
    const born = now().toString(16).padStart(12, '0')
    return `${born.slice(0, 8)}-${born.slice(8)}-7000-8000-${String(++minted).padStart(12, '0')}`
  }
}

let tabs = 0

/** A new document's id: a UUID that says when it was made, and that no other has. */
export function createTab(now: () => number = () => T0): string {
  const born = now().toString(16).padStart(12, '0')
  return `${born.slice(0, 8)}-${born.slice(8)}-7000-9000-${String(++tabs).padStart(12, '0')}`
}

export const environment = (parts: Partial<StampEnvironment> = {}): StampEnvironment => ({
  now: T0,
  mint: createMint(),
  accumulators: [],
  refused: 0,
  ...parts,
})

/** The state that rides on an event, as the SDK's own accumulators make it. */
export interface Carried {
  registered: JsonObject
  buffer: BufferHealth
  session: Session
  visitor: Visitor
  identity: IdentityState
}

/** An event as a fold sees it. */
export const seen = (parts: Partial<TrackedEvent> = {}): TrackedEvent => ({
  type: 'track',
  event: 'x',
  timestamp: timestamp(T0),
  ...parts,
})

/** What a page at that URL says of itself. */
export function onPage(url: string, referrer = ''): Pick<TrackedEvent, 'context'> {
  const { href, pathname, search } = new URL(url)
  return { context: { page: { url: href, path: pathname, search, title: '', referrer } } }
}

/** The value after each step. */
export function valuesAfter<Step, Value>(
  steps: readonly Step[],
  initial: Value,
  fold: (value: Value, step: Step, index: number) => Value,
): Value[] {
  const values: Value[] = []
  for (const [index, step] of steps.entries()) values.push(fold(values.at(-1) ?? initial, step, index))
  return values
}

export const foldContext = (parts: Partial<FoldContext> = {}): FoldContext => ({
  idle: 0,
  streamId: '00000000-0000-7000-8000-000000000001',
  anonymousId: 'a1',
  measured: 0,
  ...parts,
})

export type Line = Omit<CompleteEvent, 'state'> & { state: Carried }

export const parseLine = (text: string): Line => JSON.parse(text)
