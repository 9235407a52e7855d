import { type Bytes, concat } from '../../src/core/bytes.ts'
import type { Taken } from '../../src/segment-api/segment-paths.ts'
import { CANARY, encode, type Transport, toRequest, toTransport } from './draft.ts'
import type { Posted } from './posted.ts'

/** A request to Segment's HTTP API before it is written down, for faults to change. */
export interface SegmentDraft extends Transport {
  path: string
  takes: Taken
  /** Where the key travels. */
  place: 'header' | 'query' | 'body'
  /** Texts of events; of a path that takes one, the first. */
  events: Bytes[]
  /** Members beside the batch, or of the one event: each with its name. */
  beside: string[]
  /** In the place of the whole body. */
  body?: Bytes
}

/** What a request says, before it is known how it travels. */
export interface SegmentPlan {
  path: readonly [path: string, takes: Taken]
  place: SegmentDraft['place']
  events: { type: string; dress: number; json: string }[]
  /** Whether events share what the batch says of all. */
  shares: boolean
}

const SHARED: readonly string[] = [
  `"context":{"library":{"name":"${CANARY}","version":"1"},"json":null,"ip":"0.0.0.0"}`,
  '"integrations":{"All":true}',
  '"sentAt":"2026-11-22T10:00:00.500Z"',
]

export const toSegmentDraft = ({ path: [path, takes], place, events, shares }: SegmentPlan): SegmentDraft => ({
  ...toTransport(),
  path,
  takes,
  place,
  // An event on its own is the body as well, in which nothing is to be named twice.
  events: events.map((plan, index) =>
    encode(segmentEvent(takes === 'batch' ? plan : { ...plan, dress: plan.dress % OF_THE_REQUEST }, index)),
  ),
  beside: shares && takes === 'batch' ? [...SHARED] : [],
})

/** Ways in which clients write an event. */
const dresses: ((event: string) => string)[] = [
  (event) => event,
  (event) => event.replaceAll(',"', ' ,\r\n\t"').replaceAll('":', '" : '),
  (event) => event.replace(/"messageId":"[^"]*",/, ''),
  (event) =>
    event.replace(/"messageId":"[^"]*"/, '"messageId":12345678901234567890').replace(/"timestamp":"[^"]*",/, ''),
  (event) => event.replace('10:00:00.000Z', '11:00:00+01:00'),
  (event) =>
    event.replace('{', '{"groupId":1e2,"previousId":null,"name":null,"originalTimestamp":"2026-11-22T10:00:00.000Z",'),
  (event) => event.replace('"event"', '"\\u0065vent"').replace('l":42', 'l":9007199254740993.10'),
  (event) => event.replace('Order', 'O\\/\\ud83d\\u0000\\"{:,  ').replace('"a-1"', '"a\u{1f4a9}\u2028"'),
  (event) => event.replace('{', '{"context":{"library":{"name":"own"},"":[{}, {"a": [ ]}]},'),
  (event) =>
    event.replace('{', '{"_metadata":{"retryCount":2,"nodeVersion":"22"},"sentAt":null,"writeKey":"wk_other",'),
]

/** The last one says what a body says, too. */
const OF_THE_REQUEST = dresses.length - 1

export const segmentDresses: number = dresses.length

function segmentEvent({ type, dress, json }: SegmentPlan['events'][number], index: number): string {
  const event = `{"type":"${type}","messageId":"m-${index}-${dress}","event":"Order Completed","properties":{"total":42},"anonymousId":"a-1","userId":"${CANARY}","timestamp":"2026-11-22T10:00:00.000Z","traits":{"json":"JSON"}}`
  return (dresses[dress % dresses.length] ?? String)(event).replace('"JSON"', () => json)
}

export function toSegmentPosted(draft: SegmentDraft): Posted {
  const { path, place, keys } = draft
  const [key] = keys
  const posted = toRequest(path, draft, draft.body ?? toBody(draft))
  if (place === 'query') return posted
  if (place === 'body' || key === undefined) return { ...posted, keys: [] }
  const authorization = draft.authorization ?? `Basic ${Buffer.from(`${key}:`).toString('base64')}`
  return { ...posted, keys: keys.slice(1), authorization }
}

function toBody({ takes, place, keys, events, beside }: SegmentDraft): Bytes {
  const own = place === 'body' && keys[0] !== undefined ? [`"writeKey":${JSON.stringify(keys[0])}`] : []
  const members = [...beside, ...own]
  const more = members.map((member) => `,${member}`).join('')
  if (takes !== 'batch') {
    const event = events[0] ?? encode('{}')
    const isObject = event.at(-1) === 0x7d
    return isObject && more !== '' ? concat([event.subarray(0, -1), encode(`${more}}`)]) : event
  }
  const list = events.flatMap((event, index) => (index === 0 ? [event] : [encode(','), event]))
  return concat([encode('{"batch":['), ...list, encode(`]${more}}`)])
}
