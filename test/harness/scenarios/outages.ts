import { expect } from 'vitest'
import { EAGER, type Scenario } from './scenario.ts'
import { track } from './track.ts'

const COUNT = 60

export const refused: Scenario = {
  fault: 'The network ends every connection for a while',
  behaviour: 'an outage holds the events back in the browser, and they arrive when it is over',
  async run({ openApp, proxy, ledger }) {
    const page = await openApp()
    proxy.refuse()
    const presented = proxy.batches().length
    await track(page, ledger, COUNT)
    await expect.poll(() => proxy.batches().length).toBeGreaterThan(presented)
    expect(await page.evaluate(() => window.waybill.stats())).toMatchObject({ pending: COUNT, recorded: 0 })
    proxy.pass()
    expect(await page.evaluate(() => window.waybill.flush({ timeout: 30_000 }))).toEqual({ recorded: true })
    await page.close()
  },
}

export const answeredWithHtml: Scenario = {
  fault: 'A middlebox answers 400 with HTML to everything for a while',
  behaviour: 'a 400 that is not from Waybill rejects nothing, and everything arrives when it is gone',
  async run({ openApp, proxy, ledger }) {
    const page = await openApp()
    proxy.answerWithHtml()
    const presented = proxy.batches().length
    await track(page, ledger, COUNT)
    await expect.poll(() => proxy.batches().length).toBeGreaterThan(presented)
    expect(await page.evaluate(() => window.waybill.flush({ timeout: 1_000 }))).toMatchObject({ recorded: false })
    expect(await page.evaluate(() => window.waybill.stats())).toMatchObject({ pending: COUNT, rejected: 0 })
    proxy.pass()
    expect(await page.evaluate(() => window.waybill.flush({ timeout: 30_000 }))).toEqual({ recorded: true })
    await page.close()
  },
}

export const answersLost: Scenario = {
  fault: '3 answers lost on their way to the browser',
  behaviour: 'a batch whose answer was lost is presented again with the same id, so that nothing is stored twice',
  async run({ openApp, proxy, ledger }) {
    const page = await openApp({ ...EAGER, requestTimeout: 2_000 })
    for (let answer = 0; answer < 3; answer += 1) {
      proxy.loseNextAnswer()
      await track(page, ledger, COUNT)
      const flush = () => page.evaluate(() => window.waybill.flush({ timeout: 5_000 }))
      await expect.poll(flush).toEqual({ recorded: true })
    }
    await page.close()
  },
}
