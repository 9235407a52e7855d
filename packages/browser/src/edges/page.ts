import type { JsonObject } from '@waybill/protocol'

/** A URL that outgrew an event would take the event with it. */
const clip = (text: string) => text.slice(0, 2_000)

/** What holds for every call on this page: members of the Segment Spec's `context`. */
export const fixedContext = (): { locale: string; timezone: string } => ({
  locale: globalThis.navigator?.language,
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
})

/** The page at the moment of a call: the Segment Spec's `context.page`. Undefined where there is no page. */
export function currentPage(): JsonObject | undefined {
  if (typeof document === 'undefined') return undefined
  const { origin, pathname, search } = location
  return {
    url: clip(origin + pathname + search),
    path: clip(pathname),
    search: clip(search),
    title: clip(document.title),
    referrer: clip(document.referrer),
  }
}

/** Whether nobody looks at the page: it may never be looked at again. */
export const isHidden = (): boolean => globalThis.document?.hidden ?? false
