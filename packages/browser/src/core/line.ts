import type { Seq, StreamId } from '@waybill/protocol'
import type { Priority } from './operation.ts'
import type { Key } from './store.ts'

/** A stored line as the store lends it. */
export type Row = readonly [Key, unknown]

/** What can be read off a line's beginning, without parsing all of it. */
export interface LineStart {
  number: number
  streamId: StreamId
  seq: Seq
  /** The last seq that the line stands for: its own, but for a tombstone of a range. */
  through: Seq
  priority: Priority
  /** Why the event was shed, if the line is its tombstone. */
  shed: string | undefined
}

const START =
  /^{"streamId":"([\da-f-]{36})","seq":(\d+),(?:"through":(\d+),)?(?:"messageId":"[^"]*",)?(?:"priority":"(\w+)",)?(?:"type":"shed","reason":"(\w+)")?/

/** Undefined where the line is damaged: no text, or not of its key. */
export function readStart([key, text]: Row): LineStart | undefined {
  const [, streamId, seq, through = seq, priority = 'normal', shed] = START.exec(String(text)) ?? []
  if (Number(seq) !== key[1]) return undefined
  return { number: key[0], streamId, seq: key[1], through: Number(through), priority, shed } as LineStart
}

/** The line that says why there is no event in its place. */
export const toTombstone = (streamId: StreamId, seq: number, through: number, reason: string): string =>
  `{"streamId":"${streamId}","seq":${seq},${through > seq ? `"through":${through},` : ''}"type":"shed","reason":"${reason}"}`
