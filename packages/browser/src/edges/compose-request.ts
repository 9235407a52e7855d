import { delay } from './delay.ts'

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

/** What a browser does for requests; a simulated one does it otherwise. */
export interface Network {
  fetch: (url: URL, init: RequestInit) => Promise<Response>
  /** gzip; undefined where the browser can't. */
  compress: (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer> | undefined>
  /** What a relative endpoint is relative to. */
  page: () => string
  delay: (ms: number) => Promise<void>
}

/** The browser's own. */
export const network: Network = {
  fetch: (...request) => fetch(...request),
  compress,
  page: () => location.href,
  delay,
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
  { compress, page }: Pick<Network, 'compress' | 'page'> = network,
): Promise<ComposedRequest> {
  const plain = new TextEncoder().encode(text)
  const zipped = gzip && plain.length >= GZIP_FROM ? await compress(plain) : undefined
  const url = new URL(endpoint, page())
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

async function compress(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'))
    return new Uint8Array(await new Response(stream).arrayBuffer())
  } catch {
    return undefined
  }
}
