import { setTimeout as sleep } from 'node:timers/promises'
import type { EnginePage } from './engine.ts'

const PATIENCE = 10_000

/** Goes back in a tab whose driver waits for a load event, which a page out of the back/forward cache does not have. */
export async function goBack({ evaluate }: Pick<EnginePage, 'evaluate'>): Promise<void> {
  const before = await evaluate(() => location.href)
  await evaluate(() => {
    setTimeout(() => history.back())
  })
  const deadline = Date.now() + PATIENCE
  // No driver has an event for it, and between the two pages there is none to ask.
  while ((await evaluate(loaded).catch(() => before)) === before) {
    if (Date.now() > deadline) throw new Error(`${before} is still shown`)
    await sleep(10)
  }
}

/** Runs in the page. */
async function loaded(): Promise<string> {
  if (document.readyState !== 'complete') await new Promise((resolve) => addEventListener('load', resolve))
  return location.href
}
