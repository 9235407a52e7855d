import type { CompleteEvent, JsonObject } from '@waybill/protocol'
import type { Operation } from '../src/core/operation.ts'
import type { StampEnvironment } from '../src/core/stamp.ts'
import { timestamp } from '../src/core/timestamp.ts'

/** 2026-11-22T10:00:00.000Z */
export const T0: number = Date.parse('2026-11-22T10:00:00.000Z')

export const MINUTE = 60_000

export type EventOperation = Operation & { kind: 'event' }

/** A `track` call at `at`, as it waits to be stamped. */
export const tracked = (event: string, { at = T0, properties = {} as JsonObject } = {}): EventOperation => ({
  kind: 'event',
  at,
  text: JSON.stringify({ type: 'track', event, properties, timestamp: timestamp(at) }),
})

export const identified = (userId: string, { at = T0 } = {}): EventOperation => ({
  kind: 'event',
  at,
  text: JSON.stringify({ type: 'identify', traits: {}, timestamp: timestamp(at) }),
  userId,
})

export const registered = (properties: JsonObject): Operation => ({ kind: 'register', properties })
export const unregistered = (...names: string[]): Operation => ({ kind: 'unregister', names })
export const reset: Operation = { kind: 'reset' }

/** UUIDs that count, so that a test can tell one from another. */
export function createMint(): () => string {
  let minted = 0
  return () => `00000000-0000-7000-8000-${String(++minted).padStart(12, '0')}`
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
  buffer: { pending: number; bytes: number; dropped: number; rejected: number }
  session: { id: string; number: number; startedAt: string; events: number }
  visitor: { anonymousId: string; firstSeenAt: string; events: number }
}

export type Line = Omit<CompleteEvent, 'state'> & { state: Carried }

export const parseLine = (text: string): Line => JSON.parse(text)
