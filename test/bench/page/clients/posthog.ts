import posthog from 'posthog-js'
import { EVENT } from './client.ts'

const settings = {
  request_batching: true,
  persistence: 'localStorage+cookie',
  // A browser that is driven is a bot to it.
  opt_out_useragent_filter: true,
  // Its own limit would drop the load.
  rate_limiting: { events_per_second: 100_000, events_burst_limit: 1_000_000 },
  // Nothing but the events that are handed to it.
  autocapture: false,
  capture_pageview: false,
  capture_pageleave: false,
  capture_performance: false,
  disable_session_recording: true,
  disable_surveys: true,
  disable_external_dependency_loading: true,
  advanced_disable_flags: true,
} as const

window.client = {
  settings,
  start(url) {
    posthog.init('phc_key', { api_host: url, ...settings })
    return (properties) => void posthog.capture(EVENT, { ...properties })
  },
}
