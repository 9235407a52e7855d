import type { Buffer } from './buffer.ts'

/** `pending` counts what was there at the call; `reason` is the code of what holds delivery up: a problem's code, `outage`, `http_<status>`, `storage`, `timeout`. */
export type FlushResult = { recorded: true } | { recorded: false; pending: number; reason: string }

/** How soon to look again when nothing is left to send but not all is recorded. In ms. */
const POLL = 1_000

/** Keeps a buffer flushing until what it held at the call is recorded, for at most `timeout` ms. */
export async function flushBuffer(
  buffer: Buffer,
  timeout: number,
  delay: (ms: number) => Promise<void>,
): Promise<FlushResult> {
  const expired = delay(timeout).then(() => null)
  await buffer.settled()
  const { state } = await buffer.read()
  const target = state?.appended.lines ?? 0
  // One try at once; after it, the pace of an outage is the one that suits every tab.
  for (let force = true; ; force = false) {
    const wait = await Promise.race([buffer.flushNow(force), expired])
    const { delivery } = await buffer.read()
    // Lines are appended and forgotten in the same order.
    const pending = target - delivery.forgotten.lines
    if (pending <= 0) return { recorded: true }
    if (wait === null) return { recorded: false, pending, reason: delivery.lastError?.code ?? 'timeout' }
    await Promise.race([delay(wait ?? POLL), expired])
  }
}
