import { describe } from '../core/describe.ts'
import { HALTED, type Send } from '../core/send.ts'
import { composeRequest, type Network, network, type Target } from './compose-request.ts'
import { readText } from './read-text.ts'

export interface SenderOptions extends Target {
  /** Give up after this many ms, the reading of the answer included. Default 30,000. */
  requestTimeout?: number
}

/** How many bytes of ours are in flight in requests that outlive their page (`keepalive`). */
export interface KeepaliveBytes {
  inFlight: number
}

/**
 * So many bytes of ours may be in flight in requests that outlive their page (`keepalive`). A browser allows a page
 * 65,536 over all such requests and beacons (https://fetch.spec.whatwg.org/#http-network-or-cache-fetch), and has them
 * held by whoever does not read an answer's body; a quarter is left to the host page.
 */
const KEEPALIVE_BYTES = 49_152

/** One count for every Waybill of this page. */
const ofThisPage: KeepaliveBytes = { inFlight: 0 }

/** Presents batches to a collector, each in one request; in a second one where the first could not even begin. */
export function createSender(
  { requestTimeout = 30_000, ...target }: SenderOptions,
  browser: Network = network,
  keepaliveBytes: KeepaliveBytes = ofThisPage,
): Send {
  /** Since the last answer a request with `keepalive` has failed, and that may be why. */
  let doubted = false

  return async (text, signal) => {
    const stop = new AbortController()
    const release = () => stop.abort('released')
    browser.delay(requestTimeout).then(() => stop.abort('timeout'))
    let share = 0
    const end = () => {
      if (!share || signal.reason === HALTED) release()
    }
    signal.addEventListener('abort', end)
    try {
      const { url, init } = await composeRequest(text, target, browser)
      const present = () => {
        // While we were compressing, and the page may have stood still since: another tab has long gone on.
        if (signal.aborted) release()
        return browser.fetch(url, { ...init, keepalive: share > 0, signal: stop.signal })
      }
      const bytes = init.body.length
      if (!doubted && keepaliveBytes.inFlight + bytes <= KEEPALIVE_BYTES) {
        share = bytes
        keepaliveBytes.inFlight += share
      }
      const response = await present().catch((error) => {
        // The page has spent the budget itself, or it is an outage: the same request without `keepalive` tells. The next
        // ones go without from the start until one is answered, so that an outage costs one request more, not twice as many.
        if (!share || stop.signal.aborted) throw error
        doubted = true
        keepaliveBytes.inFlight -= share
        share = 0
        return present()
      })
      doubted = false
      // Read to its end even where nobody cares: an unread body keeps holding its share of the budget.
      return {
        status: response.status,
        retryAfter: response.headers.get('retry-after'),
        body: await readText(response),
      }
    } catch (error) {
      return { status: 0, failure: describe(stop.signal.reason ?? error) }
    } finally {
      keepaliveBytes.inFlight -= share
      signal.removeEventListener('abort', end)
      stop.abort() // Ends an answer that was not read to its end.
    }
  }
}
