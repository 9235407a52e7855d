import { watchMetrics } from './devtools-metrics.ts'
import { fill } from './fill.ts'
import { quantile } from './quantile.ts'
import { onStage, type Stage, toStartPage } from './stage.ts'

/** What it costs while so many events wait. Times in ms. */
export interface GrowthFigures {
  trackP50: number
  trackP99: number
  /** CPU time of the page's main thread for each event that is tracked, all of its storing included. */
  track: number
  /** The same for each event that is sent and forgotten, the next batch's presentation included. */
  flush: number
  /** From the call of `flush` to the arrival of the last event of two full batches, for each event. */
  flushElapsed: number
  /** Bytes of JS heap after a collection that an empty page does not have. */
  heap: number
  /** The same when events were tracked and sent. */
  heapAfter: number
}

/** As many as two full batches have. */
const SENT = 1_000

/** One batch more: there is always a next one, which is cut and presented before anybody can tell it to stop. */
const TRACKED = 1_500

/** Lets so many events wait, then tracks 1,500 more, then sends 1,000. */
export const measureGrowth = (script: string, waiting: number): Promise<GrowthFigures> =>
  onStage(script, (stage) => measure(stage, waiting))

async function measure(stage: Stage, waiting: number): Promise<GrowthFigures> {
  const { receiver, shop, browser } = stage
  receiver.mode = 'cut'
  const page = await browser.newPage()
  if (waiting > 0) await fill(stage, page, waiting)
  await page.goto(shop.url)
  const metrics = await watchMetrics(page)
  const empty = await metrics.heap()
  await page.goto(toStartPage(stage))
  await page.evaluate(() => window.started)
  await receiver.quiet(1_000)
  const heap = await metrics.heap()

  const before = await metrics.cost()
  const load = { from: 1, count: TRACKED, burst: 10, every: 20, untilStored: true }
  const times = await page.evaluate((load) => window.handOver(load), load)
  const tracked = await metrics.cost()

  receiver.mode = 'take'
  const began = performance.now()
  const arrived = receiver.arrived(SENT, 60_000).then((arrived) => {
    receiver.mode = 'cut'
    return arrived
  })
  await page.evaluate(() => void window.flush())
  if (!(await arrived)) throw new Error(`With ${waiting} events waiting only ${receiver.taken.size} were sent`)
  const elapsed = performance.now() - began
  await receiver.quiet(300)
  const flushed = await metrics.cost()
  return {
    trackP50: quantile(times, 0.5),
    trackP99: quantile(times, 0.99),
    track: (tracked.mainThread - before.mainThread) / TRACKED,
    flush: (flushed.mainThread - tracked.mainThread) / SENT,
    flushElapsed: elapsed / SENT,
    heap: heap - empty,
    heapAfter: (await metrics.heap()) - empty,
  }
}
