import { FetchTransport, initializeFaro } from '@grafana/faro-web-sdk'
import { EVENT } from './client.ts'

const transport = { requestCompression: true, bufferSize: 10_000, retry: { maxAttempts: 1_000 } }

const settings = {
  batching: { enabled: true, itemLimit: 50, sendTimeout: 250 },
  dedupe: false,
  // Nothing but the events that are handed to it.
  instrumentations: [],
}

window.client = {
  settings: { FetchTransport: transport, ...settings },
  start(url) {
    const faro = initializeFaro({
      app: { name: 'bench' },
      transports: [new FetchTransport({ url: `${url}/collect`, ...transport })],
      ...settings,
    })
    // It takes texts only.
    return ({ price, position, ...texts }) =>
      faro.api.pushEvent(EVENT, { ...texts, price: String(price), position: String(position) })
  },
}
