import type { JsonObject } from '@waybill/protocol'

/** A URL that outgrew an event would take the event with it; and `<img name="title">` makes an element of `document.title`. */
const clip = (text: unknown) => (typeof text === 'string' ? text.slice(0, 2_000) : '')

/** `Intl` loads its data first, which holds a new process up for tens of milliseconds. */
const readTimezone = (): string => {
  const { Temporal } = globalThis as { Temporal?: { Now: { timeZoneId: () => string } } }
  return Temporal?.Now.timeZoneId() ?? Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** What a page says of itself at each moment: members of the Segment Spec's `context`. */
export function createPageContext(): () => JsonObject {
  const locale = globalThis.navigator?.language
  const timezone = readTimezone()
  const referrer = clip(globalThis.document?.referrer)
  let href: string | undefined
  let place: JsonObject | undefined
  return (): JsonObject => {
    if (typeof document === 'undefined') return { locale, timezone }
    // A browser puts each part of a URL together anew whenever it is read, which a call of `track` would wait for.
    if (href !== location.href) {
      const { origin, pathname, search } = location
      href = location.href
      place = { url: clip(origin + pathname + search), path: clip(pathname), search: clip(search) }
    }
    return { page: { ...place, title: clip(document.title), referrer }, locale, timezone }
  }
}
