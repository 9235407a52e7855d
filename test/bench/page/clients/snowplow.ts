import { newTracker, trackSelfDescribingEvent } from '@snowplow/browser-tracker'
import { EVENT } from './client.ts'

const settings = {
  stateStorageStrategy: 'cookieAndLocalStorage',
  eventMethod: 'post',
  // Recommended by its documentation, to lose fewer events.
  bufferSize: 1,
  maxLocalStorageQueueSize: 10_000,
  keepalive: true,
  encodeBase64: false,
} as const

window.client = {
  settings,
  start(url) {
    newTracker('sp', url, settings)
    return (properties) => {
      const data = { name: EVENT, ...properties }
      trackSelfDescribingEvent({ event: { schema: 'iglu:com.example/product_viewed/jsonschema/1-0-0', data } })
    }
  },
}
