import { AnalyticsBrowser } from '@segment/analytics-next'
import { EVENT } from './client.ts'

// Its queue is written to localStorage when the page is left; with batching it would not be.
const settings = { retryQueue: true, disableClientPersistence: false }

window.client = {
  settings,
  async start(url) {
    const { host, protocol } = new URL(url)
    const [analytics] = await AnalyticsBrowser.load(
      {
        writeKey: 'write-key',
        cdnSettings: {
          integrations: {
            'Segment.io': {
              apiKey: 'write-key',
              apiHost: `${host}/v1`,
              protocol: protocol === 'https:' ? 'https' : 'http',
              deliveryStrategy: { strategy: 'standard', config: { keepalive: true } },
            },
          },
        },
      },
      settings,
    )
    return (properties) => void analytics.track(EVENT, { ...properties })
  },
}
