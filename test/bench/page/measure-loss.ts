import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright'
import { type Fault, visit } from './faults.ts'
import { onStage, type Stage } from './stage.ts'

/** What became of the events of one fault. */
export interface Loss {
  handedOver: number
  arrived: number
  /** How many of the arrivals were of an event that had arrived before. */
  repeated: number
  /** Why it ended before its time. */
  failed?: string
}

/** Events that are tracked after the fault, which are not counted: some SDKs send only when there is another. */
const NUDGES = 1_000_000
const NUDGE_INTERVAL = 5_000

/** How long a repeat may take to show, in ms. */
const REPEATS = 5_000

/** No page and no browser may take longer to do what the fault is about, in ms. */
const TIMEOUT = 120_000

/** Brings a fault about, and waits with the page open, and then with another page, until all events have arrived. */
export const measureLoss = (script: string, fault: Fault): Promise<Loss> =>
  onStage(script, async (stage) => {
    let failed: string | undefined
    try {
      const page = await withTimeout(fault.happen(stage, fault.events))
      const patience = (fault.patience ?? 45) * 1_000
      if (!(await wait(stage, fault.events, page, patience))) {
        const next = await withTimeout(visit(stage))
        await page.close()
        await wait(stage, fault.events, next, patience / 3)
      }
      await sleep(REPEATS)
    } catch (error) {
      failed = String(error instanceof Error ? error.message : error).split('\n')[0] ?? ''
    }
    const counts = tracked(stage)
    const arrivals = counts.reduce((sum, count) => sum + count, 0)
    return {
      handedOver: fault.events,
      arrived: counts.length,
      repeated: arrivals - counts.length,
      ...(failed === undefined ? {} : { failed }),
    }
  })

/** How often each of the events that count was taken. */
const tracked = ({ receiver }: Stage): number[] =>
  [...receiver.taken].flatMap(([number, count]) => (number < NUDGES ? [count] : []))

async function wait(stage: Stage, events: number, page: Page, patience: number): Promise<boolean> {
  const deadline = Date.now() + patience
  let nudge = Date.now()
  while (tracked(stage).length < events) {
    if (Date.now() > deadline) return false
    if (Date.now() >= nudge) {
      nudge += NUDGE_INTERVAL
      const number = NUDGES + Math.round(Date.now() - deadline + patience)
      await withTimeout(page.evaluate((number) => void window.track(number), number))
    }
    await sleep(50)
  }
  return true
}

async function withTimeout<Value>(work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the page did not get through it in ${TIMEOUT / 1_000} s`)), TIMEOUT)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}
