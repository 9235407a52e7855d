import { isLoopback } from './is-loopback.ts'

/** Which sites may use a key: exact origins, or `'localhost'` for this machine at any port over http or https. */
export type Origins = readonly string[] | 'localhost'

/** Whether a key may be used from `origin`. No patterns: an origin is allowed when it is written down. */
export function allowsOrigin(origins: Origins, origin: string): boolean {
  return origins === 'localhost' ? isLocalOrigin(origin) : origins.includes(origin)
}

function isLocalOrigin(origin: string): boolean {
  if (!URL.canParse(origin)) return false
  const url = new URL(origin)
  return url.origin === origin && /^https?:$/.test(url.protocol) && isLoopback(url.hostname)
}
