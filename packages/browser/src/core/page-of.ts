import type { TrackedEvent } from './accumulator.ts'
import { clip } from './clip.ts'

/** What an event says of the page it was tracked on. Each is cut off after 300 characters, or 600 bytes of JSON, but for `search`. */
export interface PageOf {
  /** Without its search part, which may hold what is nobody's business. */
  url: string
  path: string
  search: string
  referrer: string
}

/** Texts, whatever the app or a damaged record has put there. */
export function pageOf({ context }: TrackedEvent): PageOf {
  const page = Object(Object(context).page)
  const text = (member: string) => (typeof page[member] === 'string' ? (page[member] as string) : '')
  return {
    url: clip(text('url').split('?')[0] as string, 300),
    path: clip(text('path'), 300),
    search: text('search'),
    referrer: clip(text('referrer'), 300),
  }
}
