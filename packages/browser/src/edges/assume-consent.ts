import type { Consent } from '../core/consent.ts'

/** What holds until the visitor's decision is known. With `gpc`, Global Privacy Control is one that was not asked for. */
export function assumeConsent({ consent = 'granted', gpc }: { consent?: Consent; gpc?: boolean }): Consent {
  return gpc && (globalThis.navigator as { globalPrivacyControl?: boolean } | undefined)?.globalPrivacyControl
    ? 'denied'
    : consent
}
