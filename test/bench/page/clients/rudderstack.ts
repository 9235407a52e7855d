import { RudderAnalytics } from '@rudderstack/analytics-js/bundled'
import { EVENT } from './client.ts'

const settings = {
  storage: { type: 'localStorage' },
  queueOptions: {
    maxItems: 10_000,
    maxAttempts: 1_000,
    batch: { enabled: true, maxItems: 30, flushInterval: 5_000 },
  },
} as const

window.client = {
  settings,
  async start(url) {
    const client = new RudderAnalytics()
    const ready = new Promise<void>((resolve) => {
      client.ready(() => resolve())
    })
    client.load('write-key', url, {
      ...settings,
      getSourceConfig: () => ({ source: { id: 'site', config: {}, destinations: [] } }),
    })
    await ready
    return (properties) => client.track(EVENT, { ...properties })
  },
}
