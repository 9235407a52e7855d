import { isLoopback } from './is-loopback.ts'

/**
 * Who may use a key: the pages of exact origins; `'localhost'`, those of this machine at any port over http or https; or
 * `'server'`, whoever sends no `Origin`, which every browser does. No page can use such a key, and it can be in none.
 */
export type Origins = readonly string[] | 'localhost' | 'server'

/** Whether a key may be used from `origin`. No patterns: an origin is allowed when it is written down. */
export function allowsOrigin(origins: Origins, origin: string | undefined): boolean {
  if (origins === 'server') return origin === undefined
  if (origin === undefined) return false
  return origins === 'localhost' ? isLocalOrigin(origin) : origins.includes(origin)
}

function isLocalOrigin(origin: string): boolean {
  if (!URL.canParse(origin)) return false
  const url = new URL(origin)
  return url.origin === origin && /^https?:$/.test(url.protocol) && isLoopback(url.hostname)
}
