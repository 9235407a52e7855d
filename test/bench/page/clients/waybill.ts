import { createWaybill } from '@waybill/browser'
import { EVENT } from './client.ts'

const settings = {}

window.client = {
  settings,
  start(url) {
    const waybill = createWaybill({ endpoint: url, writeKey: 'wk_dev', ...settings })
    return (properties) => waybill.track(EVENT, { ...properties })
  },
}
