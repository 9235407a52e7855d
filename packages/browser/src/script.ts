import { touch } from './core/accumulators/touch.ts'
import type { Consent } from './core/consent.ts'
import { createWaybill } from './create-waybill.ts'
import { pageView } from './page-view.ts'
import type { Waybill } from './waybill.ts'

/** A call made before the script had loaded: the method's name, then its arguments. */
type Call = [method: keyof Waybill, ...args: unknown[]]

declare global {
  interface Window {
    /** Before the script has loaded: an array that takes calls. After: the running Waybill, which takes them too. */
    waybill?: Call[] | (Waybill & { push: (...calls: Call[]) => void })
  }
}

/*
 * The build for `<script async src="https://collector/v1/waybill.js" data-key="wk_…"></script>`.
 *
 *   data-key               the write key; required
 *   data-endpoint          the collector; default: the origin that served this script
 *   data-name              the buffer's name; default `waybill`
 *   data-consent           `pending`: store and send nothing before `consent('granted')`; default `granted`
 *   data-gpc               if present, Global Privacy Control is a denial
 *   data-session-timeout   ms without an event after which a session ends; default 30 min
 *   data-session-ended     if present, each session that is over has a `Session Ended` event
 *   data-token             where the site's own backend answers with a token, for keys that require one: `/waybill-token`
 *   data-page              `off` leaves out the page event that is sent on load
 *
 * What takes a function, accumulators and `beforeSend`, needs the package.
 */
const script = document.currentScript as HTMLScriptElement | null
const { key, endpoint, name, consent, gpc, page, sessionTimeout, sessionEnded, token } = script?.dataset ?? {}

async function fetchToken(url: string): Promise<string> {
  const response = await fetch(url)
  const text = await response.text()
  return response.ok ? text : Promise.reject(response.status)
}

if (script && key) {
  const queued = Array.isArray(window.waybill) ? window.waybill : []
  const waybill = createWaybill({
    endpoint: endpoint ?? new URL(script.src).origin,
    writeKey: key,
    ...(name ? { name } : {}),
    // Whatever else it says is no consent either.
    ...(consent === undefined ? {} : { consent: consent as Consent }),
    gpc: gpc !== undefined,
    ...(Number(sessionTimeout) > 0 ? { sessionTimeout: Number(sessionTimeout) } : {}),
    sessionEnded: sessionEnded !== undefined,
    ...(token ? { token: () => fetchToken(token) } : {}),
    accumulators: [touch(), pageView()],
  })
  const push = (...calls: Call[]) => {
    for (const call of calls) {
      try {
        const [method, ...args] = call
        ;(waybill[method] as (...args: unknown[]) => unknown)(...args)
      } catch (error) {
        // biome-ignore lint/suspicious/noConsole: a mistake in the page's own calls, and it must not stop the others
        console.error('waybill:', call, error)
      }
    }
  }
  window.waybill = { ...waybill, push }
  if (page !== 'off') waybill.page()
  push(...queued)
} else {
  // biome-ignore lint/suspicious/noConsole: a mistake in the page's own markup, and nobody else to tell
  console.error('waybill: the script tag needs data-key="wk_…"')
}
