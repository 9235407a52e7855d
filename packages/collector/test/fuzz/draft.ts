import { type Bytes, concat } from '../../src/core/bytes.ts'
import { headerOf, lineOf, STREAM } from '../batches.ts'
import { KEY, ORIGIN } from '../present.ts'
import { digestOf } from './digest-of.ts'
import type { Posted } from './posted.ts'
import type { HeaderEffects, Subject } from './world.ts'

/** Stands in all that a sender decides: no log entry and no problem may hold it. */
export const CANARY = 'c4n4ry'

/** What requests of both kinds have, before they are written down, for faults to change. */
export interface Transport extends Omit<Posted, 'path' | 'sent' | 'inflated'> {
  /** What has to be seen of the headers. */
  effects: HeaderEffects
  /** What travels, and what a correct inflater makes of it. */
  pack: (plain: Bytes) => { sent: Bytes; inflated?: Bytes | undefined }
}

/** A batch of our own wire. */
export interface Draft extends Transport {
  header: Bytes
  lines: Bytes[]
  /** What each line stands for. */
  slots: { seq: number; through: number }[]
  /** After the last line. */
  end: string
  /** The receipt that it brings, once its lines are known. */
  receipt?: (subject: Subject) => string
}

/** The lines of a batch, before it is known how they travel. */
export interface LinePlan {
  kind: 'event' | 'shed' | 'range'
  dress: number
  /** Any JSON text, for the event's context. */
  json: string
}

const encoder = new TextEncoder()
export const encode = (text: string): Bytes => encoder.encode(text)

export const plain: Transport['pack'] = (bytes) => ({ sent: bytes })

/** A request that nothing is wrong with, but for its body. */
export const toTransport = (): Transport => ({
  keys: [KEY],
  encodings: [],
  origin: ORIGIN,
  contentType: 'text/plain;charset=UTF-8',
  authorization: null,
  headers: [],
  effects: {},
  pack: plain,
  breaksOff: false,
})

export function toDraft(first: number, plans: readonly LinePlan[]): Draft {
  let next = first
  const slots = plans.map(({ kind }, index) => {
    const seq = next
    const through = kind === 'range' && index > 0 ? seq + 5 : seq
    next = through + 1
    return { seq, through }
  })
  return {
    ...toTransport(),
    header: encode(headerOf(first, next - 1, { sdk: `${CANARY}/1`, token: CANARY })),
    lines: plans.map((plan, index) => encode(toLine(plan, slots[index] ?? { seq: 0, through: 0 }))),
    slots,
    end: '\n',
  }
}

/** Ways of writing the same thing; each is for the collector to hand on as it came. */
const dresses: ((line: string) => string)[] = [
  (line) => line,
  (line) => line.replaceAll(',"', ' ,\t"').replaceAll('":', '" :\r'),
  (line) => line.replace('"event"', '"\\u0065vent"').replace('l":42', 'l":4.20e+1'),
  (line) => line.replace('Order', 'O\\/\\ud83d\\u0000\\"{:,'),
  (line) => line.replace('Order', '\u{1f4a9} \u2028\u202e\u007f</script>'),
  (line) => line.replace('{', '{"":{},"constructor":{"prototype":1},"toString":null,'),
  (line) => line.replace('"total":42', '"total":1e400,"a:":-0,"b":9007199254740993,"c":"__proto__"'),
  (line) => line.replace('"track","event":"Order Completed"', '"identify","traits":{}'),
]

function toLine({ kind, dress, json }: LinePlan, { seq, through }: { seq: number; through: number }): string {
  if (kind !== 'event') {
    const range = through > seq ? { through } : {}
    return JSON.stringify({ streamId: STREAM, seq, ...range, type: 'shed', reason: 'too_many', note: CANARY })
  }
  const line = lineOf(seq, { userId: CANARY, context: { json: 'JSON' } })
  return (dresses[dress % dresses.length] ?? String)(line).replace('"JSON"', () => json)
}

export function toPosted(draft: Draft): Posted {
  const lf = encode('\n')
  const lines = concat([
    ...draft.lines.flatMap((line, index) => (index === 0 ? [line] : [lf, line])),
    encode(draft.end),
  ])
  return toRequest('/v1/events', draft, concat([withReceipt(draft, lines), lf, lines]))
}

export function toRequest(path: string, transport: Transport, body: Bytes): Posted {
  const { keys, encodings, origin, contentType, authorization, headers, breaksOff } = transport
  const { sent, inflated } = transport.pack(body)
  return { path, keys, encodings, origin, contentType, authorization, headers, sent, inflated, breaksOff }
}

/** The header line with the receipt for these lines, as one who knows the secrets would have written it. */
function withReceipt({ header, receipt, slots }: Draft, lines: Bytes): Bytes {
  if (!receipt) return header
  const batchId = `${STREAM}:${slots[0]?.seq}-${slots.at(-1)?.through}`
  const text = receipt({ keyId: 'site', batchId, digest: digestOf(lines), rejected: [] })
  const isWhole = header.at(-1) === 0x7d
  return isWhole ? concat([header.subarray(0, -1), encode(`,"receipt":${JSON.stringify(text)}}`)]) : header
}
