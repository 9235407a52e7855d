import { expect } from 'vitest'
import { scale } from '../scale.ts'
import type { Scenario } from './scenario.ts'
import { track } from './track.ts'

export const killedInOutage: Scenario = {
  fault: 'SIGKILL of the browser while nobody can be reached, a batch already cut',
  behaviour: 'a browser killed in an outage delivers everything when both are back, in the batches that it had cut',
  async run({ browser, openApp, proxy, ledger }) {
    for (let round = 0; round < scale; round += 1) {
      const page = await openApp()
      proxy.refuse()
      const presented = proxy.batches().length
      await track(page, ledger, 200)
      await expect.poll(() => proxy.batches().length).toBeGreaterThan(presented)
      await browser.kill()
      proxy.pass()
      await browser.reopen()
    }
  },
}
