import { byteLength } from '@waybill/protocol'
import { halve } from './cut.ts'
import type { Decision } from './decide.ts'
import type { Row } from './line.ts'
import type { Cut, Delivery, Wait } from './records.ts'

/**
 * How long the head must still wait, in ms; 0 or less when it is due.
 *
 * @param force our own backoff does not count; what a server asked for does
 */
export function remainingWait(wait: Wait | undefined, now: number, force: boolean): number {
  // A clock that was set back would make a deadline look years away: a wait that begins in the future is over.
  if (!wait || now < wait.since || (force && !wait.byServer)) return 0
  return wait.until - now
}

/** What was rejected and shed of one stream, with what is now; as far back as nothing was of another. */
export function countFor(
  { latest }: Delivery,
  number: number,
  rejected = 0,
  shed = 0,
): NonNullable<Delivery['latest']> {
  if (latest?.number !== number) return { number, rejected, shed }
  return { number, rejected: latest.rejected + rejected, shed: latest.shed + shed }
}

/**
 * The record after a decision on its head.
 *
 * @param rows the head's lines
 */
export function settle(
  before: Delivery,
  decision: Decision,
  { rows, now }: { rows: readonly Row[]; now: number },
): Delivery {
  const delivery = { ...before, presenting: undefined }
  const [head, ...rest] = delivery.list as [Cut, ...Cut[]]
  switch (decision.kind) {
    case 'recorded': {
      const { forgotten, recorded, rejected } = delivery
      const bytes = rows.reduce((sum, [, text]) => sum + byteLength(String(text)), forgotten.bytes)
      return {
        ...delivery,
        list: rest,
        forgotten: { lines: forgotten.lines + rows.length, bytes },
        recorded: recorded + decision.recorded,
        rejected: rejected + decision.rejected.length,
        ...(decision.rejected.length > 0 && { latest: countFor(delivery, head.number, decision.rejected.length) }),
        failures: 0,
        wait: undefined,
        lastError: undefined,
      }
    }
    case 'halved':
      return { ...delivery, list: [...halve(head, rows), ...rest] }
    case 'kept': {
      const { receipt, wait, byServer, error } = decision
      return {
        ...delivery,
        list: [{ ...head, receipt }, ...rest],
        wait: { since: now, until: now + wait, byServer },
        failures: error ? delivery.failures + 1 : 0,
        lastError: error,
      }
    }
  }
}

/** Whether another tab's lease still holds. One that begins in the future is a clock's that was set back. */
export const isLeased = ({ presenting }: Delivery, tab: string, now: number): boolean =>
  !!presenting && presenting.tab !== tab && presenting.since <= now && now < presenting.until

/** Whether a decision still counts: nobody took over since, and the head is still the batch that was presented. */
export const isCurrent = (delivery: Delivery, epoch: number, { batchId }: Cut): boolean =>
  delivery.epoch === epoch && delivery.list[0]?.batchId === batchId
