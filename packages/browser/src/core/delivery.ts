import { byteLength } from '@waybill/protocol'
import { halve, type Row } from './cut.ts'
import type { Decision } from './decide.ts'
import { type Cut, type Delivery, emptyDelivery, type Wait } from './records.ts'

/** The stored record, or a new one where there is none or it is damaged. */
export const readDelivery = (stored: unknown): Delivery =>
  Array.isArray((stored as Delivery | undefined)?.list) ? (stored as Delivery) : emptyDelivery

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

/**
 * The record after a decision on its head.
 *
 * @param rows the head's lines
 */
export function settle(
  delivery: Delivery,
  decision: Decision,
  { rows, now }: { rows: readonly Row[]; now: number },
): Delivery {
  const [head, ...rest] = delivery.list as [Cut, ...Cut[]]
  switch (decision.kind) {
    case 'recorded': {
      const { forgotten, recorded, rejected } = delivery
      const bytes = rows.reduce((sum, [, text]) => sum + byteLength(text as string), forgotten.bytes)
      return {
        ...delivery,
        list: rest,
        forgotten: { lines: forgotten.lines + rows.length, bytes },
        recorded: recorded + decision.recorded,
        rejected: rejected + decision.rejected.length,
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
        lastError: error,
      }
    }
  }
}

/** Whether a decision still counts: nobody took over since, and the head is still the batch that was presented. */
export const isCurrent = (delivery: Delivery, epoch: number, { batchId }: Cut): boolean =>
  delivery.epoch === epoch && delivery.list[0]?.batchId === batchId
