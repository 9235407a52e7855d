import { RudderAnalytics } from '@rudderstack/analytics-js/bundled'

window.startClient = ({ url, writeKey, batching }) => {
  const client = new RudderAnalytics()
  client.load(writeKey, url, {
    getSourceConfig: () => ({ source: { id: 'site', config: {}, destinations: [] } }),
    ...(batching && { useBeacon: true, beaconQueueOptions: { maxItems: 4 } }),
  })
  return client
}
