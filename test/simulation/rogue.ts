import { headerOf, lineOf, STREAM } from '../../packages/collector/test/batches.ts'
import type { Fleet } from './collectors.ts'
import { createOracle, type Holding, type Violation } from './oracle.ts'
import type { Scheduler } from './scheduler.ts'

export interface RogueOptions {
  scheduler: Scheduler
  fleet: Pick<Fleet, 'fetch'>
  /** Where it presents now. */
  url: () => string
  origin: string
  /** What the destinations hold of its stream that have these names. */
  holdings: (names: readonly string[]) => readonly Holding[]
  violate: (violation: Violation) => void
}

/** So often it presents one batch, until somebody has said that it is recorded. */
const PATIENCE = 6

/**
 * A sender that is none of ours, with a stream of its own: it takes the receipt that it got for some bytes, and presents
 * others with it under the same id. Even to such a one no collector may say that something is recorded which is not.
 */
export function createRogue({ scheduler, fleet, url, origin, holdings, violate }: RogueOptions) {
  const oracle = createOracle()
  // It goes back on what it has said before.
  oracle.allowForks()
  let batches = 0

  return {
    streamId: STREAM,
    /** Presents a batch, and then another one with what was heard of the first. */
    act(): void {
      const seq = ++batches
      let receipt: string | undefined
      const present = (attempt: number, change: string) => {
        const header = headerOf(seq, seq, { attempt, ...(receipt === undefined ? {} : { receipt }) })
        const line = lineOf(seq, { event: change })
        const request = {
          url: url(),
          method: 'POST' as const,
          headers: { origin, 'content-type': 'text/plain' },
          body: new TextEncoder().encode(`${header}\n${line}\n`),
        }
        oracle.sent(request, scheduler.now())
        fleet.fetch(request, ({ status, body, required }) => {
          const answer = JSON.parse(new TextDecoder().decode(body))
          if (status === 200) oracle.answered(request, answer, holdings(required))
          for (const violation of oracle.violations.splice(0)) violate(violation)
          receipt = answer.receipt ?? receipt
          const isOver = status === 200 && change !== 'First'
          if (attempt < PATIENCE && !isOver)
            scheduler.after(scheduler.random() * 15_000, () => present(attempt + 1, receipt ? 'Second' : 'First'))
        })
      }
      present(1, 'First')
    },
  }
}
