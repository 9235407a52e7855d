import { setImmediate as nextTurn } from 'node:timers/promises'
import type { History } from './history.ts'
import { type Run, runHistory } from './world.ts'

/** Once something was thrown that nobody has caught, what waits for it waits for ever: so long it gets, in real ms. */
const GRACE = 5_000

/**
 * Lets a history happen. What is thrown in it breaks G10, whether it ends the run or nobody has caught it: it is told as
 * any other violation is. Never rejects.
 *
 * @param run by default the real SDK and the real collector
 */
export async function runWatched(history: History, run = runHistory): Promise<Run> {
  const thrown: string[] = []
  let timer: NodeJS.Timeout | undefined
  let giveUp = () => {}
  const lost = new Promise<undefined>((resolve) => {
    giveUp = () => resolve(undefined)
  })
  const note = (how: string) => (error: unknown) => {
    thrown.push(`${how}: ${(error as Error)?.stack ?? error}`)
    timer ??= setTimeout(giveUp, GRACE)
  }
  const [rejected, uncaught] = [note('a rejection was left unhandled'), note('an exception was left uncaught')]
  process.on('unhandledRejection', rejected).on('uncaughtException', uncaught)
  const finished = await Promise.race([run(history).catch(note('an exception ended the run')), lost])
  // What was rejected last is told in the next turn.
  await nextTurn()
  process.off('unhandledRejection', rejected).off('uncaughtException', uncaught)
  clearTimeout(timer)
  const { violations, ...rest } = finished ?? { violations: [], timeline: plan(history), events: 0, faults: new Map() }
  return { ...rest, violations: [...violations, ...thrown.map((text) => ({ guarantee: 'G10' as const, text }))] }
}

/** What was to happen, where nobody is left to tell what did. */
function plan({ steps }: History): string[] {
  let at = 0
  return steps.map(({ after, action }) => {
    at += after
    return `${at.toFixed(1).padStart(12)} ms  planned: ${JSON.stringify(action)}`
  })
}
