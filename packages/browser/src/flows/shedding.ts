import { byteLength } from '@waybill/protocol'
import { countFor } from '../core/delivery.ts'
import type { Row } from '../core/line.ts'
import type { Priority } from '../core/operation.ts'
import { parseObject } from '../core/parse-object.ts'
import { CUTS, type Delivery, isNewer, lineRange, readDelivery, readState, STATE } from '../core/records.ts'
import { type ShedReason, shed } from '../core/shed.ts'
import type { Key, Store } from '../core/store.ts'
import { DAY } from '../core/timestamp.ts'

export interface ShedderOptions {
  store: Store
  now: () => number
  /** How many bytes of events may wait. Default {@link MAX_BYTES}. */
  maxBytes?: number
  /** For how long an event may wait, in ms. Default 30 days. */
  maxAge?: number
  onShed: (shed: { events: number; reason: ShedReason }) => void
}

/** 16 MiB: a busy visitor's day offline, and little beside a site's quota. */
export const MAX_BYTES = 16_777_216

/** The share of the cap that remains after shedding, so that not every event after it sheds again. */
const REMAINDER = 0.9

/** Lines looked at in one go: at most pages there is nothing to shed, and the first look is the only one. */
const CHUNK = 100

/** What goes first. A transaction of its own for each: none reads what it has written. */
const PASSES = ['age', 'low', 'normal', 'high'] as const

/**
 * Makes room: what has waited for too long goes, once the clock has said so for a day, since a clock that jumped says it,
 * too. When more waits than may, the oldest of the lowest priority follow. Never from a cut; tombstones stay.
 */
export async function shedSurplus(options: ShedderOptions): Promise<void> {
  const { maxBytes = MAX_BYTES } = options
  let most = maxBytes
  for (const pass of PASSES) {
    const waiting = await shedOnce(options, pass, maxBytes * REMAINDER)
    if (waiting <= most) return
    most = maxBytes * REMAINDER
  }
}

/** Resolves to the bytes that wait after it. */
async function shedOnce(options: ShedderOptions, pass: (typeof PASSES)[number], most: number): Promise<number> {
  const { store, now, maxAge = 30 * DAY, onShed } = options
  const reason = pass === 'age' ? 'age' : 'cap'
  const { events, waiting } = await store.transact(async ({ get, getAll, count, put, remove }) => {
    const [stored, cuts, lines] = await Promise.all([get(STATE), get(CUTS), count(lineRange)])
    const at = now()
    const state = readState(stored, at)
    if (!state || isNewer(stored)) return { events: 0, waiting: 0 }
    const delivery: Delivery = { ...readDelivery(cuts) }
    const isCut = ([key]: Row) =>
      delivery.list.some(
        ({ number, first, last }) => number === key[0] && first <= Number(key[1]) && Number(key[1]) <= last,
      )
    const { appended } = state
    const bytes = () => appended.bytes - delivery.forgotten.bytes
    // Where one of the two records was damaged, they no longer count the same things. Then the lines themselves count:
    // nothing gives way to a cap that is not reached.
    if (lines !== appended.lines - delivery.forgotten.lines || (lines === 0 && bytes() !== 0)) {
      const rows = await getAll(lineRange)
      const waiting = rows.reduce((sum, [, text]) => sum + byteLength(String(text)), 0)
      delivery.forgotten = { lines: appended.lines - lines, bytes: appended.bytes - waiting }
    }

    const { overdueSince = at } = delivery
    let overdue = false
    let surplus = bytes() - most
    /** Undefined: that is enough. */
    const chosen = ([, text]: Row, priority: Priority): boolean | undefined => {
      if (pass === 'age') {
        if (!(at - Date.parse(String(parseObject(text as string).timestamp)) > maxAge)) return undefined
        overdue = true
        // Not before a second look at the clock, a day after the first.
        return overdueSince <= at - DAY || undefined
      }
      if (surplus <= 0) return undefined
      if (priority !== pass) return false
      surplus -= byteLength(String(text))
      return true
    }

    let events = 0
    let from: Key = lineRange[0]
    for (let done = pass === 'low' && !state.low; !done; ) {
      const rows: Row[] = await getAll([from, lineRange[1]], CHUNK)
      const { tombstones, removals, ...freed } = shed(
        rows.filter((row) => !isCut(row)),
        reason,
        ({ priority }, row) => {
          const choice = done ? undefined : chosen(row, priority)
          done = choice === undefined
          if (choice) delivery.latest = countFor(delivery, Number(row[0][0]), 0, 1)
          return !!choice
        },
      )
      for (const range of removals) remove(range)
      for (const [key, text] of tombstones) put(key, text)
      const { forgotten } = delivery
      delivery.forgotten = { lines: forgotten.lines + freed.lines, bytes: forgotten.bytes + freed.bytes }
      delivery.shed += freed.events
      events += freed.events
      const last = rows.at(-1)?.[0] as [number, number] | undefined
      done ||= rows.length < CHUNK || !last
      if (last) from = [last[0], last[1] + 1]
    }
    if (pass === 'age') delivery.overdueSince = overdue ? Math.min(overdueSince, at) : undefined
    put(CUTS, delivery)
    return { events, waiting: bytes() }
  }).done
  if (events > 0) onShed({ events, reason })
  return waiting
}
