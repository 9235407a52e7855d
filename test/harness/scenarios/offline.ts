import { expect } from 'vitest'
import type { Scenario } from './scenario.ts'
import { track } from './track.ts'

const COUNT = 60

export const offline: Scenario = {
  fault: 'Offline from the first event to the end of the visit',
  behaviour: 'a visit that is offline from its first event to its end is delivered by the next visit',
  async run({ browser, openApp, proxy, ledger }) {
    const page = await openApp()
    proxy.refuse()
    await browser.setOffline?.(true)
    await track(page, ledger, COUNT)
    expect(await page.evaluate(() => window.waybill.stats())).toMatchObject({ pending: COUNT, recorded: 0 })
    await browser.quit()
    proxy.pass()
    await browser.reopen()
  },
}
