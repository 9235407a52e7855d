import type { Buffer } from './buffer.ts'

/**
 * `pending` counts what was there at the call; `reason` is the code of what holds delivery up: a problem's code,
 * `outage`, `http_<status>`, or `timeout`.
 */
export type FlushResult = { recorded: true } | { recorded: false; pending: number; reason: string }

/** How soon to look again when nothing is left to send but not all is recorded. In ms. */
const POLL = 1_000

/** Keeps a buffer flushing until what it held at the call is recorded, for at most `timeout` ms. */
export async function flushBuffer(
  buffer: Buffer,
  timeout: number,
  delay: (ms: number) => Promise<void>,
): Promise<FlushResult> {
  let late = false
  let result: FlushResult = { recorded: false, pending: 0, reason: 'timeout' }
  const look = async (target: number) => {
    const { delivery } = await buffer.read()
    // Lines are appended and forgotten in the same order.
    const pending = target - delivery.forgotten.lines
    const reason = delivery.lastError?.code ?? 'timeout'
    result = pending > 0 ? { recorded: false, pending, reason } : { recorded: true }
  }
  const work = async () => {
    await buffer.settled()
    const target = (await buffer.read()).state?.appended?.lines ?? 0
    await look(target)
    // One try at once; after it, the pace of an outage is the one that suits every tab.
    for (let force = true; !result.recorded && !late; force = false) {
      const wait = await buffer.flushNow(force)
      await look(target)
      if (!result.recorded) await delay(wait ?? POLL)
    }
  }
  await Promise.race([work(), delay(timeout)])
  late = true
  return result
}
