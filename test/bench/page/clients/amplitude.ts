import * as amplitude from '@amplitude/analytics-browser'
import { EVENT } from './client.ts'

// Events are stored in localStorage by default.
const settings = {
  flushMaxRetries: 1_000,
  enableRequestBodyCompression: true,
  // Nothing but the events that are handed to it.
  autocapture: false,
  enableDiagnostics: false,
  remoteConfig: { fetchRemoteConfig: false },
} as const

window.client = {
  settings,
  async start(url) {
    await amplitude.init('api-key', { serverUrl: `${url}/2/httpapi`, ...settings }).promise
    return (properties) => void amplitude.track(EVENT, { ...properties })
  },
}
