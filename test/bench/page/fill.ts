import type { Page } from 'playwright'
import { type Stage, toStartPage } from './stage.ts'

/** The first number of the events that wait. */
const WAITING_FROM = 1_000_000

/** Has a page that reaches nobody store so many events, and leaves it. */
export async function fill(stage: Stage, page: Page, waiting: number): Promise<void> {
  const { receiver, shop } = stage
  receiver.mode = 'cut'
  await page.goto(toStartPage(stage))
  await page.evaluate(() => window.started)
  for (let done = 0; done < waiting; done += 1_000) {
    const load = {
      from: WAITING_FROM + done,
      count: Math.min(1_000, waiting - done),
      burst: 100,
      every: 10,
      untilStored: true,
    }
    await page.evaluate((load) => window.handOver(load), load)
  }
  await page.goto(`${shop.url}/plain`)
  receiver.requests = 0
}
