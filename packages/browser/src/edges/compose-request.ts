/** A collector, and how batches travel to it. */
export interface Target {
  endpoint: string
  writeKey: string
  /** Compress where it pays and where the browser can. Default true. */
  gzip?: boolean
}

/** What `fetch` and `fetchLater` take. */
export interface ComposedRequest {
  url: URL
  init: RequestInit & { body: Uint8Array<ArrayBuffer> }
}

/** Where a collector takes batches unless it was told otherwise. */
const EVENTS_PATH = '/v1/events'

/** Below this many bytes gzip saves less than it costs. */
const GZIP_FROM = 1_024

/**
 * A batch as a request within the CORS safelist (a POST of text/plain without credentials), so that no browser sends a
 * preflight for one. Rejects for an endpoint that is no URL.
 */
export async function composeRequest(
  text: string,
  { endpoint, writeKey, gzip = true }: Target,
): Promise<ComposedRequest> {
  const plain = new TextEncoder().encode(text)
  const zipped = gzip && plain.length >= GZIP_FROM ? await compress(plain) : undefined
  const url = new URL(endpoint, location.href)
  if (url.pathname === '/') url.pathname = EVENTS_PATH
  url.searchParams.set('key', writeKey)
  if (zipped) url.searchParams.set('encoding', 'gzip')
  const init = {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: zipped ?? plain,
    credentials: 'omit',
    redirect: 'error', // A captive portal's login page is an outage, not an answer.
  } as const
  return { url, init }
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
