import type { Bytes } from '../core/bytes.ts'
import type { Taken } from './segment-paths.ts'
import { compactJson, type Member, parseJson, repeatsName, splitElements, splitMembers } from './split-json.ts'

/** What a body says: its events, each as its own bytes, and what it says of all of them. */
export interface SegmentBody {
  events: readonly Bytes[]
  writeKey?: string
  /** The client's clock when it sent this, as it wrote it. */
  sentAt?: unknown
  /** `context` and `integrations` of a batch: they hold for each event that does not say otherwise. */
  shared: readonly Member[]
}

const SHARED = new Set(['context', 'integrations'])

/** Reads a body as far as where its events begin and end; nothing when it is no object, or no batch where one is taken. */
export function readBody(body: Bytes, takes: Taken): SegmentBody | undefined {
  const json = compactJson(body)
  const members = splitMembers(json)
  if (!members || repeatsName(members)) return
  const parsed = (wanted: string) => {
    const member = members.find(({ name }) => name === wanted)
    return member && parseJson(member.value)
  }
  const batch = members.find(({ name }) => name === 'batch')
  const events = takes === 'batch' ? batch && splitElements(batch.value) : [json]
  if (!events) return
  const writeKey = parsed('writeKey')
  return {
    events,
    sentAt: parsed('sentAt') ?? (events[0] && sentAtOf(events[0])),
    shared: takes === 'batch' ? members.filter(({ name }) => SHARED.has(name)) : [],
    ...(typeof writeKey === 'string' && { writeKey }),
  }
}

/** RudderStack writes it into each event as well. */
function sentAtOf(event: Bytes): unknown {
  const member = splitMembers(event)?.find(({ name }) => name === 'sentAt')
  return member && parseJson(member.value)
}
