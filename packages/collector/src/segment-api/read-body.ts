import type { Bytes } from '../core/bytes.ts'
import type { Taken } from './segment-paths.ts'
import { findValue, type Member, parseJson, repeatsName, splitElements, splitMembers } from './split-json.ts'

/** What a body says: its events, each as its own bytes, and what it says of all of them. */
export interface SegmentBody {
  events: readonly Bytes[]
  /** The client's clock when it sent this, as it wrote it. */
  sentAt?: unknown
  /** `context` and `integrations` of a batch: they hold for each event that does not say otherwise. */
  shared: readonly Member[]
}

const SHARED = new Set(['context', 'integrations'])

/**
 * Reads a body, as compact JSON, as far as where its events begin and end, and no more of them than one above `max`; nothing
 * when it is no object, or no batch where one is taken.
 */
export function readBody(json: Bytes, takes: Taken, max: number): SegmentBody | undefined {
  const members = splitMembers(json)
  if (!members || repeatsName(members)) return
  const batch = members.find(({ name }) => name === 'batch')
  const events = takes === 'batch' ? batch && splitElements(batch.value, max) : [json]
  if (!events) return
  return {
    events,
    sentAt: findValue(json, 'sentAt') ?? (events[0] && sentAtOf(events[0])),
    shared: takes === 'batch' ? members.filter(({ name }) => SHARED.has(name)) : [],
  }
}

/** RudderStack writes it into each event as well. */
function sentAtOf(event: Bytes): unknown {
  const member = splitMembers(event)?.find(({ name }) => name === 'sentAt')
  return member && parseJson(member.value)
}

/** The write key that a body brings, as compact JSON: whose it is can be told, though the rest of it is no body at all. */
export function readWriteKey(json: Bytes): string | undefined {
  const writeKey = findValue(json, 'writeKey')
  return typeof writeKey === 'string' ? writeKey : undefined
}
