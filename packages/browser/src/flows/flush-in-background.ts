import type { Flusher } from './flushing.ts'

/**
 * How long to wait in all, in ms, before the browser is asked to come again: long enough for a page that still presents,
 * for a collector that answers 202 and for a network that comes back with a stutter. A browser gives an event minutes
 * (Chromium three), of which the requests need most.
 */
const PATIENCE = 20_000

/**
 * Flushes for a page that is gone; resolves to whether all that may be sent is recorded. That there is a network again
 * is the occasion, as with `online`: at first our own backoff does not count. After that, and for what a server asked
 * for, every wait is waited out, here while it is short, else by coming again another time.
 */
export async function flushInBackground(
  { flush }: Pick<Flusher, 'flush'>,
  delay: (ms: number) => Promise<void>,
): Promise<boolean> {
  let left = PATIENCE
  for (let force = true; ; force = false) {
    const wait = await flush(force)
    if (wait === undefined) return true
    left -= wait
    if (left < 0) return false
    await delay(wait)
  }
}
