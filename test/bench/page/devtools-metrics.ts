import type { CDPSession, Page } from 'playwright'

/** What a page has cost so far. */
interface Cost {
  /** CPU time of its main thread, in ms. */
  mainThread: number
  /** The part of it that is script. */
  script: number
}

export interface PageMetrics {
  cost(): Promise<Cost>
  /** Bytes of JS heap after a collection. */
  heap(): Promise<number>
}

/** By CPU time, so that what else the machine does is not counted. */
export async function watchMetrics(page: Page): Promise<PageMetrics> {
  const devTools = await page.context().newCDPSession(page)
  await devTools.send('Performance.enable', { timeDomain: 'threadTicks' })
  return {
    async cost() {
      const metrics = await readMetrics(devTools)
      return { mainThread: metrics('TaskDuration') * 1_000, script: metrics('ScriptDuration') * 1_000 }
    },
    async heap() {
      await devTools.send('HeapProfiler.collectGarbage')
      return (await readMetrics(devTools))('JSHeapUsedSize')
    },
  }
}

async function readMetrics(devTools: CDPSession): Promise<(name: string) => number> {
  const { metrics } = await devTools.send('Performance.getMetrics')
  const values = new Map(metrics.map(({ name, value }) => [name, value]))
  return (name) => values.get(name) ?? Number.NaN
}
