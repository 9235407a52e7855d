import { expect } from 'vitest'
import { PATIENT, type Scenario } from './scenario.ts'

export const putAway: Scenario = {
  fault: 'A phone puts the browser away: hidden, no `pagehide`, then SIGKILL',
  behaviour: 'what is tracked when the page is hidden for the last time is sent or kept, though no pagehide follows',
  async run({ browser, openApp, proxy, ledger }) {
    proxy.refuse()
    const page = await openApp(PATIENT)
    // No driver hides a tab as a phone does, so the page is told so.
    const outcome = await page.evaluate(
      ({ run, marker }) => {
        Object.defineProperty(document, 'hidden', { value: true })
        Object.defineProperty(document, 'visibilityState', { value: 'hidden' })
        const tracked = window.waybill.track('Marked', { run, marker })
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
        return tracked
      },
      { run: ledger.run, marker: ledger.next() },
    )
    expect(outcome).toMatchObject({ status: 'durable' })
    await browser.kill()
    proxy.pass()
    await browser.reopen()
  },
}
