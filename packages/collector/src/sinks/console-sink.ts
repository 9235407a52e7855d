import { isSeq, ok } from '@waybill/protocol'
import { abortable } from '../core/abortable.ts'
import { attempt } from '../core/attempt.ts'
import { checkNothingElse } from '../core/check-kind.ts'
import { printable } from '../core/printable.ts'
import type { Sink } from '../core/sink.ts'

export interface ConsoleSinkOptions {
  /** Default `console`. */
  name?: string
  /** Shows one line of text. Default `console.log`. */
  print?: (text: string) => unknown
}

/**
 * Prints a line for each event, to watch it while developing. Best effort: nothing waits for it, and nothing is kept. What a
 * sender has put into an event cannot move the terminal's cursor.
 *
 *     10:00:00.000  41  track     Order Completed  {"total":42}
 */
export function consoleSink({
  name = 'console',
  // biome-ignore lint/suspicious/noConsole: it is what this sink is for
  print = (text) => console.log(text),
  ...others
}: ConsoleSinkOptions = {}): Sink {
  checkNothingElse('console', others)
  const show = async (line: Line) => print(printable(toText(line)))
  return {
    name,
    guarantee: 'best-effort',
    required: false,
    generation: 'console',
    idempotency: { key: 'none', window: 'none' },
    deliver: ({ lines }, signal) =>
      attempt(async () => {
        for (const line of lines) await abortable(show(JSON.parse(decoder.decode(line))), signal)
        return ok(undefined)
      }),
  }
}

const decoder = new TextDecoder()

/** In characters: enough to know an event by. */
const WIDTH = 200

function toText({ seq, through, type, event, name, reason, properties, traits, timestamp, received }: Line): string {
  const seqs = isSeq(through) && through !== seq ? `${seq}–${through}` : `${seq}`
  const what = [event, name, reason].find(isText) ?? ''
  const members = properties ?? traits
  const text = [
    ([timestamp, received?.at].find(isText) ?? '').slice(11, 23).padEnd(12),
    seqs.padStart(4),
    type.padEnd(8),
    ...[what, members && JSON.stringify(members)].filter(Boolean),
  ].join('  ')
  return text.length > WIDTH ? `${text.slice(0, WIDTH)}…` : text
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** What the collector has checked of every line is typed; the rest may be anything. */
interface Line {
  seq: number
  type: string
  received?: { at?: unknown }
  [member: string]: unknown
}
