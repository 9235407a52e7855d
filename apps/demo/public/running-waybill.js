/** @import { Waybill } from '@waybill/browser' */

/**
 * What the script tag has started; undefined when the script did not load.
 *
 * @returns {Promise<Waybill | undefined>}
 */
export async function runningWaybill() {
  // The page has loaded only when its async scripts have run or failed.
  if (document.readyState !== 'complete') {
    await new Promise((resolve) => window.addEventListener('load', resolve, { once: true }))
  }
  return window.waybill && 'stats' in window.waybill ? window.waybill : undefined
}
