import { expect } from 'vitest'
import { PATIENT, type Scenario } from './scenario.ts'
import { track } from './track.ts'

const ROUNDS = 5

export const cameBack: Scenario = {
  fault: `${ROUNDS} times into the back/forward cache and back, another tab sending meanwhile`,
  behaviour: 'a page that comes back from the back/forward cache tracks on, and held nobody up while it was away',
  async run({ openApp, site, ledger }) {
    const page = await openApp(PATIENT)
    const other = await openApp()
    await page.evaluate(() => {
      window.waybill.subscribe(({ visitor }) => Object.assign(window, { told: visitor?.events }))
    })
    for (let round = 0; round < ROUNDS; round += 1) {
      await track(page, ledger, 10)
      await page.evaluate(async () => {
        // Firefox keeps no page that is in the middle of a pass: a lock bars it from the cache.
        for (;;) {
          const { held = [], pending = [] } = await navigator.locks.query()
          if (held.length + pending.length === 0) break
          await new Promise((resolve) => setTimeout(resolve))
        }
        // Awaited once it is back: a page out of the cache can be asked before it hears `pageshow`.
        const restored = new Promise((resolve) => {
          addEventListener('pageshow', ({ persisted }) => resolve(persisted), { once: true })
        })
        Object.assign(window, { restored })
      })
      await page.goto(site.plainPage)
      await track(other, ledger, 10)
      expect(await other.evaluate(() => window.waybill.flush({ timeout: 20_000 }))).toEqual({ recorded: true })
      await page.goBack()
      expect(await page.evaluate(() => 'restored' in window && window.restored)).toBe(true)
      // What it listens to the other tab with has not barred it from the cache, and tells what it has missed.
      const known = () => page.evaluate(() => ('told' in window ? window.told : undefined))
      const { seq } = await page.evaluate(() => window.waybill.stats())
      await expect.poll(known, { timeout: 10_000 }).toBe(seq)
      await track(page, ledger, 10)
    }
    await page.close()
    await other.close()
  },
}
