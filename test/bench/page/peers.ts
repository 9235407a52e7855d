import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { join } from 'node:path'

/** Where an SDK keeps events that it could not deliver yet, by its documentation with these settings. */
type Keeps = 'IndexedDB' | 'localStorage' | 'localStorage, when left' | 'IndexedDB, when cut off' | 'memory'

export const peerNames = [
  'waybill',
  'snowplow',
  'rudderstack',
  'amplitude',
  'mixpanel',
  'sentry',
  'segment',
  'posthog',
  'faro',
] as const

export type PeerName = (typeof peerNames)[number]

/** Those that write an event to the device before they know that it could not be delivered. */
export const storesEvents = (name: PeerName): boolean => ['IndexedDB', 'localStorage'].includes(peers[name].keeps)

export const peers: Record<PeerName, { package: string; keeps: Keeps }> = {
  waybill: { package: '@waybill/browser', keeps: 'IndexedDB' },
  snowplow: { package: '@snowplow/browser-tracker', keeps: 'localStorage' },
  rudderstack: { package: '@rudderstack/analytics-js', keeps: 'localStorage' },
  amplitude: { package: '@amplitude/analytics-browser', keeps: 'localStorage' },
  mixpanel: { package: 'mixpanel-browser', keeps: 'localStorage' },
  sentry: { package: '@sentry/browser', keeps: 'IndexedDB, when cut off' },
  segment: { package: '@segment/analytics-next', keeps: 'localStorage, when left' },
  posthog: { package: 'posthog-js', keeps: 'memory' },
  faro: { package: '@grafana/faro-web-sdk', keeps: 'memory' },
}

/** The entry of the script that a page loads. */
export const entryOf = (name: PeerName | 'nothing' | 'waybill-large'): string =>
  join(import.meta.dirname, 'clients', `${name}.ts`)

export function versionOf(name: PeerName): string {
  const file = findPackageJSON(peers[name].package, import.meta.url)
  if (!file) throw new Error(`${peers[name].package} is not installed`)
  return JSON.parse(readFileSync(file, 'utf8')).version
}
