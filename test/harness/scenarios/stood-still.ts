import { expect } from 'vitest'
import { PATIENT, type Scenario } from './scenario.ts'
import { track } from './track.ts'

export const stoodStill: Scenario = {
  fault: 'A tab is frozen with events pending, and thawed',
  behaviour: 'a frozen tab holds nobody up: another one sends what it left, and it goes on when it is thawed',
  async run({ openApp, ledger }) {
    const page = await openApp(PATIENT)
    const other = await openApp(PATIENT)
    await track(page, ledger, 50)
    await page.freeze?.()
    await track(other, ledger, 10)
    expect(await other.evaluate(() => window.waybill.flush({ timeout: 20_000 }))).toEqual({ recorded: true })
    await page.resume?.()
    await track(page, ledger, 10)
    expect(await page.evaluate(() => window.waybill.flush({ timeout: 20_000 }))).toEqual({ recorded: true })
    await page.close()
    await other.close()
  },
}
