import type { Page } from 'playwright'
import { debuggerOf } from '../harness/faults.ts'
import type { Visit } from './traffic.ts'

const MINUTE = 60_000

export type Move =
  | 'home'
  | 'product'
  | 'tent'
  | 'stove'
  | 'checkout'
  | 'payment'
  | 'pay'
  | 'reload'
  | 'think it over'
  | 'go away'
  | 'crash'

/** What a visitor clicks, and whether another page comes then. */
const clicks: { readonly [Each in Move]?: { text: string; leads: boolean } } = {
  home: { text: 'Home', leads: true },
  product: { text: 'Camping', leads: true },
  tent: { text: 'Add the tent', leads: true },
  stove: { text: 'Add the stove', leads: true },
  checkout: { text: 'Check out', leads: true },
  payment: { text: 'To the payment', leads: false },
  pay: { text: 'Pay', leads: true },
}

/** How long a visitor does nothing before a move, in ms: a minute, or below and above the 30 that end a session. */
const pauses: { readonly [Each in Move]?: number } = { 'think it over': 15 * MINUTE, 'go away': 60 * MINUTE, crash: 0 }

/**
 * Does what a visitor does. The page's clocks, `Date` and `performance`, are Playwright's: they begin at the visit's time and
 * run as ever, but for the minutes and hours that are skipped between two moves.
 */
export async function visit(page: Page, shop: string, { at, entry = '/', referrer, moves }: Visit): Promise<void> {
  await page.clock.install({ time: at })
  await page.goto(shop + entry, referrer ? { referer: referrer } : {})
  for (const move of moves) {
    // Nothing is under way then that would take the skipped time for a request that hangs.
    await deliver(page)
    await page.clock.fastForward(pauses[move] ?? MINUTE)
    if (move === 'crash') return crash(page)
    if (move === 'reload') await page.reload()
    const wanted = clicks[move]
    if (wanted) await Promise.all([wanted.leads && page.waitForEvent('load'), click(page, wanted.text)])
  }
  await deliver(page)
  await page.close()
}

async function deliver(page: Page): Promise<void> {
  const result = await page.evaluate(() => window.waybill.flush({ timeout: 30_000 }))
  if (!result.recorded) throw new Error(`${page.url()} could not deliver: ${result.reason}`)
}

const click = (page: Page, text: string) => page.getByText(text, { exact: true }).click()

/** The renderer of the tab ends without a word to the page. */
async function crash(page: Page): Promise<void> {
  const session = await debuggerOf(page)
  const crashed = page.waitForEvent('crash')
  // Its answer never comes.
  session.send('Page.crash').catch(() => {})
  await crashed
  await page.close()
}
