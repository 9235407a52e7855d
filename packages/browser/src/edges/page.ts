import type { JsonObject } from '@waybill/protocol'

/** A URL that outgrew an event would take the event with it; and `<img name="title">` makes an element of `document.title`. */
const clip = (text: unknown) => (typeof text === 'string' ? text.slice(0, 2_000) : '')

/** `Intl` loads its data first, which holds a new process up for tens of milliseconds. */
const readTimezone = (): string => {
  const { Temporal } = globalThis as { Temporal?: { Now: { timeZoneId: () => string } } }
  return Temporal?.Now.timeZoneId() ?? Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** What a page says of itself at each moment: members of the Segment Spec's `context`. The same object while it says the same. */
export function createPageContext(): () => JsonObject {
  const locale = globalThis.navigator?.language
  const timezone = readTimezone()
  const referrer = clip(globalThis.document?.referrer)
  let href: string | undefined
  let title: string | undefined
  let context: JsonObject = { locale, timezone }
  return () => {
    if (typeof document === 'undefined') return context
    // What `location` says a browser puts together anew whenever it is read, for which a call of `track` would wait; but
    // `<img name="URL">` makes an element of `document.URL`, and nothing of `location`.
    const address = typeof document.URL === 'string' ? document.URL : location.href
    if (href !== address || title !== document.title) {
      const { origin, pathname, search } = location
      href = address
      title = document.title
      const place = { url: clip(origin + pathname + search), path: clip(pathname), search: clip(search) }
      context = { page: { ...place, title: clip(title), referrer }, locale, timezone }
    }
    return context
  }
}
