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
      addEventListener('pageshow', ({ persisted }) => {
        Object.assign(window, { persisted })
      })
      window.waybill.subscribe(({ visitor }) => Object.assign(window, { told: visitor?.events }))
    })
    for (let round = 0; round < ROUNDS; round += 1) {
      await track(page, ledger, 10)
      await page.goto(site.plainPage)
      await track(other, ledger, 10)
      expect(await other.evaluate(() => window.waybill.flush({ timeout: 20_000 }))).toEqual({ recorded: true })
      await page.goBack()
      expect(await page.evaluate(() => 'persisted' in window && window.persisted)).toBe(true)
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
