import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright'
import { type Stage, toStartPage } from './stage.ts'

/** One thing that goes wrong, and what a visitor does meanwhile. */
export interface Fault {
  name: string
  /** So many events, numbered from 1, are handed over. */
  events: number
  /** How long may pass until all have arrived, in s, once nothing is wrong any more. Default 45. */
  patience?: number
  /** Resolves with the page that is open when nothing is wrong any more. */
  happen: (stage: Stage, events: number) => Promise<Page>
}

const steadily = (events: number) => ({ from: 1, count: events, burst: 1, every: 50 })

/** Opens a page, and waits until its SDK has started and a second more. */
export async function visit(stage: Stage, page?: Page): Promise<Page> {
  const visited = page ?? (await stage.browser.newPage())
  await visited.goto(toStartPage(stage))
  await visited.evaluate(() => window.started)
  // Nobody does anything on a page in its first second; some SDKs are not ready yet when they say so.
  await sleep(1_000)
  return visited
}

const handOver = (page: Page, load: ReturnType<typeof steadily>) => page.evaluate((load) => window.handOver(load), load)

export const faults: readonly Fault[] = [
  {
    name: 'Every connection is cut for 15 s, the page stays open',
    events: 20,
    async happen(stage, events) {
      const page = await visit(stage)
      stage.receiver.mode = 'cut'
      await handOver(page, steadily(events))
      await sleep(15_000)
      stage.receiver.mode = 'take'
      return page
    },
  },
  {
    name: 'Offline, the browser is closed and opened again online',
    events: 20,
    async happen(stage, events) {
      const page = await visit(stage)
      await stage.browser.setOffline(true)
      await handOver(page, steadily(events))
      await sleep(3_000)
      await stage.browser.quit()
      await stage.browser.reopen()
      return visit(stage)
    },
  },
  {
    name: 'SIGKILL of the browser while every connection is cut',
    events: 20,
    async happen(stage, events) {
      const page = await visit(stage)
      stage.receiver.mode = 'cut'
      await handOver(page, steadily(events))
      await sleep(3_000)
      await stage.browser.kill()
      stage.receiver.mode = 'take'
      await stage.browser.reopen()
      return visit(stage)
    },
  },
  {
    name: 'SIGKILL of the browser 50 ms after the last event',
    events: 20,
    async happen(stage, events) {
      const page = await visit(stage)
      await handOver(page, { ...steadily(events), burst: events })
      await sleep(50)
      await stage.browser.kill()
      await stage.browser.reopen()
      return visit(stage)
    },
  },
  {
    name: 'The page is left in the tick of its only event',
    events: 20,
    async happen(stage, events) {
      const page = await stage.browser.newPage()
      const plain = `${stage.shop.url}/plain`
      for (let number = 1; number <= events; number++) {
        await visit(stage, page)
        const left = page.waitForURL(plain)
        await page.evaluate(
          ({ number, plain }) => {
            window.track(number)
            location.href = plain
          },
          { number, plain },
        )
        await left
      }
      return visit(stage, page)
    },
  },
  {
    name: 'Four tabs, 503 for 10 s',
    events: 40,
    async happen(stage, events) {
      const pages = [await visit(stage), await visit(stage), await visit(stage), await visit(stage)]
      stage.receiver.mode = 'fail'
      const count = events / pages.length
      await Promise.all(pages.map((page, tab) => handOver(page, { ...steadily(count), from: 1 + tab * count })))
      await sleep(10_000)
      stage.receiver.mode = 'take'
      return pages[0] as Page
    },
  },
  {
    name: 'Three answers are lost on their way',
    events: 20,
    async happen(stage, events) {
      const page = await visit(stage)
      stage.receiver.loseAnswers(3)
      await handOver(page, steadily(events))
      return page
    },
  },
  {
    name: '10,000 events while every connection is cut, then the next page',
    events: 10_000,
    patience: 120,
    async happen(stage, events) {
      const page = await visit(stage)
      stage.receiver.mode = 'cut'
      await handOver(page, { ...steadily(events), burst: 50, every: 10 })
      await sleep(3_000)
      stage.receiver.mode = 'take'
      return visit(stage, page)
    },
  },
]
