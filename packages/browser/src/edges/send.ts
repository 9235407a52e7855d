import type { Send } from '../core/send.ts'

export interface SenderOptions {
  endpoint: string
  writeKey: string
  /** Give up after this many ms, the reading of the answer included. Default 30,000. */
  requestTimeout?: number
  /** Compress where it pays and where the browser can. Default true. */
  gzip?: boolean
}

/** Where a collector takes batches unless it was told otherwise. */
const EVENTS_PATH = '/v1/events'

/**
 * Up to so many bytes a request outlives its page (`keepalive`). A browser allows 65,536 over all such requests of a
 * page at once; the other half is left to others.
 */
const KEEPALIVE_BYTES = 32_768

/** Below this many bytes gzip saves less than it costs. */
const GZIP_FROM = 1_024

/**
 * Sends batches within the CORS safelist (a POST of text/plain without credentials), so that no browser sends a
 * preflight for one.
 */
export function createSender({ endpoint, writeKey, requestTimeout = 30_000, gzip = true }: SenderOptions): Send {
  return async (text, signal) => {
    const stop = new AbortController()
    const abort = () => stop.abort()
    const timer = setTimeout(abort, requestTimeout)
    try {
      const plain = new TextEncoder().encode(text)
      const zipped = gzip && plain.length >= GZIP_FROM ? await compress(plain) : undefined
      const body = zipped ?? plain
      const keepalive = body.length <= KEEPALIVE_BYTES
      const url = new URL(endpoint, location.href)
      if (url.pathname === '/') url.pathname = EVENTS_PATH
      url.searchParams.set('key', writeKey)
      if (zipped) url.searchParams.set('encoding', 'gzip')
      if (!keepalive) signal.addEventListener('abort', abort, { signal: stop.signal })
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body,
        credentials: 'omit',
        keepalive,
        redirect: 'error', // A captive portal's login page is an outage, not an answer.
        signal: stop.signal,
      })
      // Read to its end even where nobody cares: an unread body keeps holding its share of the keepalive budget.
      return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.text() }
    } catch (error) {
      return { status: 0, failure: stop.signal.aborted ? 'timeout' : String(error) }
    } finally {
      clearTimeout(timer)
      abort() // Takes the listener off; the request is over.
    }
  }
}

/** Undefined where the browser can't. */
async function compress(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'))
    return new Uint8Array(await new Response(stream).arrayBuffer())
  } catch {
    return undefined
  }
}
