import { watchMetrics } from './devtools-metrics.ts'
import { fill } from './fill.ts'
import type { Load } from './prepare-page.ts'
import { quantile } from './quantile.ts'
import { onStage, type Stage } from './stage.ts'
import { traceTasks } from './trace-tasks.ts'

/** What one run of one SDK came to. Times in ms. */
export interface PageFigures {
  /** In the call that takes an event. */
  trackP50: number
  trackP99: number
  /** CPU time of the page's main thread until all events were delivered and acted on, for each event. */
  mainThread: number
  /** The part of it that is script. */
  script: number
  longTasks: number
  /** Tasks with more than 50 ms of CPU time: the others are long because the machine did something else meanwhile. */
  longTasksByCpu: number
  /** CPU time of the longest task, in ms. */
  longestTask: number
  /** Bytes of JS heap after a collection that an empty page does not have. */
  heap: number
  requests: number
  /** Bytes of request bodies for each event, as they came. */
  bytes: number
  /** The script's evaluation, and the call that starts the SDK until it says that it is ready. */
  startUp: number
}

export interface PageRun {
  figures: PageFigures
  /** Of so many events that were handed over. */
  handedOver: number
  /** Of these, so many different ones that have arrived, within a minute. */
  delivered: number
  chromium: string
  settings: object
}

export interface MeasureOptions {
  load: Load
  /** So many events wait on the device before the page is opened. Default 0. */
  waiting?: number
  /** False: nothing is delivered, and nobody waits for it. */
  delivers?: boolean
}

/** What makes a task long, in ms (https://w3c.github.io/longtasks/). */
const LONG = 50

const DELIVERY_TIMEOUT = 60_000

/** For how long nothing must come after the last delivery: an SDK still acts on the answer. In ms. */
const QUIET = 1_000

/** Lets a page with this script hand the load over, and measures until all of it is delivered. */
export const measurePage = (script: string, options: MeasureOptions): Promise<PageRun> =>
  onStage(script, (stage) => measure(stage, options))

async function measure(stage: Stage, { load, waiting = 0, delivers = true }: MeasureOptions): Promise<PageRun> {
  const { receiver, shop, browser } = stage
  const page = await browser.newPage()
  if (waiting > 0) await fill(stage, page, waiting)
  receiver.mode = 'take'
  await page.goto(shop.url)
  const metrics = await watchMetrics(page)
  const empty = await metrics.heap()
  const backlog = waiting > 0 ? await metrics.cost() : undefined
  const tasks = await traceTasks(page)
  const { evaluated, started } = await page.evaluate((url) => window.begin(url), receiver.url)
  if (!backlog) await receiver.quiet(500)

  const before = backlog ?? (await metrics.cost())
  const times = await page.evaluate((load) => window.handOver(load), load)
  if (delivers) await receiver.arrived(waiting + load.count, DELIVERY_TIMEOUT)
  await receiver.quiet(QUIET)
  const after = await metrics.cost()
  const longTasks = await page.evaluate(() => window.longTasks)
  const cpuTimes = await tasks.end()
  const heap = (await metrics.heap()) - empty

  const delivered = receiver.taken.size
  const handedOver = waiting + load.count
  return {
    chromium: browser.version,
    settings: await page.evaluate(() => window.client.settings),
    handedOver,
    delivered,
    figures: {
      trackP50: quantile(times, 0.5),
      trackP99: quantile(times, 0.99),
      mainThread: (after.mainThread - before.mainThread) / handedOver,
      script: (after.script - before.script) / handedOver,
      longTasks: longTasks.length,
      longTasksByCpu: cpuTimes.filter((ms) => ms > LONG).length,
      longestTask: Math.max(0, ...cpuTimes.slice(0, 1)),
      heap,
      requests: receiver.requests,
      bytes: receiver.bytes / Math.max(1, delivered),
      startUp: evaluated + started,
    },
  }
}
