import { lastLine } from '../core/records.ts'
import type { Buffer, Earlier } from './buffer.ts'
import type { Buffers } from './buffers.ts'

/**
 * `pending` counts what was there at the call; `reason` is the code of what holds delivery up: a problem's code,
 * `outage`, `http_<status>`, `storage`, `consent_pending`, `consent_denied` or `timeout`.
 */
export type FlushResult = { recorded: true } | { recorded: false; pending: number; reason: string }

/** How soon to look again when nothing is left to send but not all is recorded. In ms. */
const POLL = 1_000

/** Keeps buffers flushing until what they held at the call is recorded, for at most `timeout` ms. */
export async function flushBuffers(
  buffers: Buffers,
  timeout: number,
  delay: (ms: number) => Promise<void>,
): Promise<FlushResult> {
  let late = false
  let result: FlushResult = { recorded: false, pending: 0, reason: 'timeout' }
  let targets: Map<Buffer, Earlier> | undefined

  async function look(): Promise<void> {
    const current = buffers.current()
    // What was in memory may be in the store by now, behind the target.
    if (targets && targets.size > current.length) targets = undefined
    const marks = targets ?? new Map<Buffer, Earlier>()
    let pending = 0
    let reason = 'timeout'
    let unread = false
    for (const buffer of current) {
      const holdings = await buffer.read(marks.get(buffer)).catch(() => undefined)
      if (!holdings) {
        // A store that fails has nothing of this page once that is in memory.
        unread ||= current.length === 1 || buffer.stream() !== undefined
        continue
      }
      const { state, delivery, pending: waiting } = holdings
      if (!targets) marks.set(buffer, { ...state, last: lastLine(state) })
      pending += waiting
      reason = delivery.lastError?.code ?? reason
    }
    targets = marks
    if (unread) result = { recorded: false, pending, reason: 'storage' }
    else result = pending > 0 ? { recorded: false, pending, reason } : { recorded: true }
  }

  async function work(): Promise<void> {
    for (const buffer of buffers.current()) buffer.drain()
    await buffers.settled()
    await look()
    // One try at once; after it, the pace of an outage is the one that suits every tab.
    for (let force = true; !result.recorded && !late; force = false) {
      const wait = await buffers.flushNow(force)
      await look()
      if (!result.recorded) await delay(wait ?? POLL)
    }
  }

  await Promise.race([work(), delay(timeout)])
  late = true
  return result
}
