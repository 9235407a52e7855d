import type { CDPSession, Page } from 'playwright'
import { findChromium } from '../../browsers/find-chromium.ts'
import { openBrowser } from '../browser.ts'
import type { Engine, EngineBrowser, EnginePage } from './engine.ts'
import { goBack } from './go-back.ts'

/** Chromium, which playwright drives over the DevTools protocol. */
export const chromium: Engine = {
  name: 'Chromium',
  unavailable: () => (findChromium() ? undefined : 'no Chromium is installed'),
  async open() {
    const browser = await openBrowser({ backForwardCache: true })
    return { ...browser, newPage: async (url) => toEnginePage(await browser.openTab(url)) } satisfies EngineBrowser
  },
}

function toEnginePage(page: Page): EnginePage {
  let session: CDPSession | undefined
  const devTools = async () => {
    session ??= await page.context().newCDPSession(page)
    return session
  }

  const evaluate = <Result, Arg>(run: (arg: Arg) => Result | Promise<Result>, arg?: Arg): Promise<Result> =>
    page.evaluate(run as (arg: unknown) => Result | Promise<Result>, arg)

  return {
    evaluate,
    async goto(url) {
      await page.goto(url)
    },
    async reload() {
      await page.reload()
    },
    goBack: () => goBack({ evaluate }),
    arrive: (url) =>
      new Promise((resolve) => {
        const check = () => {
          if (page.url() !== url) return
          page.off('load', check)
          resolve()
        }
        page.on('load', check)
      }),
    closed: () => (page.isClosed() ? Promise.resolve() : new Promise((resolve) => page.once('close', () => resolve()))),
    close: () => page.close({ runBeforeUnload: false }),
    async crash() {
      const crashed = new Promise((resolve) => page.once('crash', resolve))
      // The page is gone before it could answer.
      void (await devTools()).send('Page.crash').catch(() => {})
      await crashed
    },
    async limitStorage(quotaSize) {
      const { origin } = new URL(page.url())
      await (await devTools()).send('Storage.overrideQuotaForOrigin', {
        origin,
        ...(quotaSize === undefined ? {} : { quotaSize }),
      })
    },
  }
}
