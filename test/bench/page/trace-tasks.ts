import type { Page } from 'playwright'

interface TraceEvent {
  name: string
  ph: string
  pid: number
  tid: number
  /** CPU time, in µs. */
  tdur?: number
}

/** By this the page's process is told from the others. */
const MARK = 'traced'

/** Watches the tasks of the page's main thread; `end` resolves with the CPU time of each, in ms, the longest first. */
export async function traceTasks(page: Page): Promise<{ end: () => Promise<number[]> }> {
  const browser = await page.context().browser()?.newBrowserCDPSession()
  if (!browser) throw new Error('The browser has no debugging session')
  const events: TraceEvent[] = []
  browser.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])))
  await browser.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel', 'blink.user_timing'] },
  })
  await page.evaluate((mark) => void performance.mark(mark), MARK)
  return {
    async end() {
      const complete = new Promise((resolve) => browser.once('Tracing.tracingComplete', resolve))
      await browser.send('Tracing.end')
      await complete
      const own = events.find(({ name }) => name === MARK)
      if (!own) throw new Error('The trace has nothing of the page in it')
      const tasks = events.filter(({ ph, pid, tid }) => ph === 'X' && pid === own.pid && tid === own.tid)
      return tasks.map(({ tdur = 0 }) => tdur / 1_000).toSorted((a, b) => b - a)
    },
  }
}
