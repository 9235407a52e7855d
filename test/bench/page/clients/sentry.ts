import { captureEvent, init, makeBrowserOfflineTransport, makeFetchTransport } from '@sentry/browser'
import { EVENT } from './client.ts'

// Nothing but the events that are handed to it: its integrations watch the page for others.
const settings = {
  defaultIntegrations: false,
  transportOptions: { maxQueueSize: 20_000, bufferSize: 20_000, flushAtStartup: true },
} as const

window.client = {
  settings: { transport: 'makeBrowserOfflineTransport(makeFetchTransport)', ...settings },
  start(url) {
    const dsn = url.replace('://', '://key@')
    init({ dsn: `${dsn}/1`, transport: makeBrowserOfflineTransport(makeFetchTransport), ...settings })
    return (properties) => void captureEvent({ message: EVENT, level: 'info', extra: { ...properties } })
  },
}
