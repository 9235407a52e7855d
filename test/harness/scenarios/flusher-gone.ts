import { expect } from 'vitest'
import type { EnginePage } from '../engines/engine.ts'
import { PATIENT, type Scenario, type Stage } from './scenario.ts'
import { track } from './track.ts'

export const flusherClosed: Scenario = {
  fault: 'The tab that sends is closed in the middle of a batch',
  behaviour: 'when the tab that sends is closed in the middle of a batch, another one sends it again',
  run: (stage) => takeAway(stage, (page) => page.close()),
}

export const flusherCrashed: Scenario = {
  fault: 'The process of the tab that sends is killed in the middle of a batch',
  behaviour: 'when the tab that sends crashes in the middle of a batch, another one sends it again',
  run: (stage) => takeAway(stage, (page) => page.crash?.() ?? Promise.reject(new Error('The driver crashes no tab'))),
}

async function takeAway({ openApp, proxy, ledger }: Stage, end: (page: EnginePage) => Promise<void>): Promise<void> {
  const sending = await openApp(PATIENT)
  // Before it tracks: what it finds when it starts it sends by itself, and that may be these events.
  proxy.hold()
  await track(sending, ledger, 100)
  void sending.evaluate(() => void window.waybill.flush()).catch(() => {})
  await expect.poll(() => proxy.batches().length).toBe(1)
  await end(sending)
  proxy.pass()
  // Only now: an engine may run all tabs of a site in one process.
  const next = await openApp(PATIENT)
  await track(next, ledger, 20)
  expect(await next.evaluate(() => window.waybill.flush({ timeout: 30_000 }))).toEqual({ recorded: true })
  await next.close()
}
