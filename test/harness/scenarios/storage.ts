import { expect } from 'vitest'
import { EAGER, PATIENT, type Scenario } from './scenario.ts'
import { track } from './track.ts'

export const noIndexedDb: Scenario = {
  fault: 'No IndexedDB',
  behaviour: 'without IndexedDB events are kept in memory, say so, and arrive',
  async run({ openApp, ledger }) {
    const page = await openApp(EAGER, "Object.defineProperty(window, 'indexedDB', { value: undefined })")
    const outcomes = await track(page, ledger, 20)
    expect(outcomes).toEqual(outcomes.map(() => expect.objectContaining({ status: 'memory' })))
    expect(await page.evaluate(() => window.waybill.stats())).toMatchObject({ storage: 'memory' })
    expect(await page.evaluate(() => window.waybill.flush({ timeout: 20_000 }))).toEqual({ recorded: true })
    await page.close()
  },
}

export const quotaUsedUp: Scenario = {
  fault: "The site's quota is used up for a while",
  behaviour: 'what finds no room in the store is kept in memory, says so, and arrives',
  async run({ app, browser, site, ledger }) {
    const page = await browser.newPage(site.plainPage)
    // Before the first write: Chromium remembers for a while how much room there was.
    await page.limitStorage?.(1)
    await page.goto(app(PATIENT))
    const outcomes = await track(page, ledger, 20)
    expect(outcomes).toEqual(outcomes.map(() => expect.objectContaining({ status: 'memory' })))
    await page.limitStorage?.()
    expect(await page.evaluate(() => window.waybill.flush({ timeout: 20_000 }))).toEqual({ recorded: true })
    await page.close()
  },
}

export const siteDataCleared: Scenario = {
  fault: 'All databases of the site deleted in mid-session, everything before recorded',
  behaviour: 'a page goes on when its databases are deleted under it, and what it tracks then arrives',
  async run({ openApp, ledger }) {
    const page = await openApp()
    await track(page, ledger, 20)
    expect(await page.evaluate(() => window.waybill.flush({ timeout: 20_000 }))).toEqual({ recorded: true })
    ledger.store(20)
    await page.evaluate(async () => {
      const remove = (name: string) =>
        new Promise((resolve, reject) => {
          const request = indexedDB.deleteDatabase(name)
          request.onsuccess = resolve
          request.onerror = () => reject(request.error)
        })
      for (const { name } of await indexedDB.databases()) if (name) await remove(name)
    })
    await track(page, ledger, 20)
    expect(await page.evaluate(() => window.waybill.flush({ timeout: 20_000 }))).toEqual({ recorded: true })
    await page.close()
  },
}
