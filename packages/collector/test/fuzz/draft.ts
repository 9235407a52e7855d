import { type Bytes, concat } from '../../src/core/bytes.ts'
import { headerOf, lineOf, STREAM } from '../batches.ts'
import { KEY, ORIGIN } from '../present.ts'
import type { Posted } from './oracle.ts'

/** Stands in all that a sender decides: no log entry and no problem may hold it. */
export const CANARY = 'c4n4ry'

/** A request before it is written down, for faults to change. */
export interface Draft {
  keys: string[]
  encodings: string[]
  origin: string | null
  contentType: string | null
  header: Bytes
  lines: Bytes[]
  /** What each line stands for. */
  slots: { seq: number; through: number }[]
  /** After the last line. */
  end: string
  /** What travels, and what a correct inflater makes of it. */
  pack: (plain: Bytes) => { sent: Bytes; inflated?: Bytes | undefined }
  breaksOff: boolean
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

export const plain: Draft['pack'] = (bytes) => ({ sent: bytes })

export function toDraft(first: number, plans: readonly LinePlan[]): Draft {
  let next = first
  const slots = plans.map(({ kind }, index) => {
    const seq = next
    const through = kind === 'range' && index > 0 ? seq + 5 : seq
    next = through + 1
    return { seq, through }
  })
  return {
    keys: [KEY],
    encodings: [],
    origin: ORIGIN,
    contentType: 'text/plain;charset=UTF-8',
    header: encode(headerOf(first, next - 1, { sdk: `${CANARY}/1`, token: CANARY })),
    lines: plans.map((plan, index) => encode(toLine(plan, slots[index] ?? { seq: 0, through: 0 }))),
    slots,
    end: '\n',
    pack: plain,
    breaksOff: false,
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
  const lines = draft.lines.flatMap((line, index) => (index === 0 ? [line] : [lf, line]))
  const { sent, inflated } = draft.pack(concat([draft.header, lf, ...lines, encode(draft.end)]))
  const { keys, encodings, origin, contentType, breaksOff } = draft
  return { keys, encodings, origin, contentType, sent, inflated, breaksOff }
}
