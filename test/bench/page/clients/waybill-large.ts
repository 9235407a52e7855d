import { createWaybill } from '@waybill/browser'
import { EVENT } from './client.ts'

declare global {
  interface Window {
    flush(): Promise<unknown>
  }
}

// 100,000 events are more than may wait by default.
const settings = { maxBytes: 2 ** 30 }

window.client = {
  settings,
  start(url) {
    const waybill = createWaybill({ endpoint: url, writeKey: 'wk_dev', ...settings })
    window.flush = () => waybill.flush()
    return (properties) => waybill.track(EVENT, { ...properties })
  },
}
