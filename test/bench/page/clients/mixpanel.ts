import mixpanel from 'mixpanel-browser'
import { EVENT } from './client.ts'

const settings = {
  batch_requests: true,
  persistence: 'localStorage',
  api_payload_format: 'json',
  // Nothing but the events that are handed to it.
  autocapture: false,
  track_pageview: false,
  flags: false,
  record_sessions_percent: 0,
} as const

window.client = {
  settings,
  start(url) {
    mixpanel.init('token', { api_host: url, ...settings })
    return (properties) => void mixpanel.track(EVENT, { ...properties })
  },
}
