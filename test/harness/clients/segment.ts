import { AnalyticsBrowser } from '@segment/analytics-next'

window.startClient = ({ url, writeKey, batching }) => {
  const { host, protocol } = new URL(url)
  return AnalyticsBrowser.load({
    writeKey,
    cdnSettings: {
      integrations: {
        'Segment.io': {
          apiKey: writeKey,
          apiHost: `${host}/v1`,
          protocol: protocol.slice(0, -1) as 'http' | 'https',
          ...(batching && { deliveryStrategy: { strategy: 'batching', config: { size: 4, timeout: 100 } } }),
        },
      },
    },
  })
}
