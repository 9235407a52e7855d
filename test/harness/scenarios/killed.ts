import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { scale } from '../scale.ts'
import { PATIENT, type Scenario } from './scenario.ts'
import { track } from './track.ts'

const MOMENTS = [0, 10, 50, 200]
const ROUNDS = 2 * scale

export const killed: Scenario = {
  fault: `SIGKILL of the browser ${MOMENTS.join(', ')} ms after \`durable\``,
  behaviour: `what track() called durable survives ${MOMENTS.length * ROUNDS} kills of the browser, ${MOMENTS.join(', ')} ms later`,
  async run({ browser, openApp, ledger }) {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const moment of MOMENTS) {
        const page = await openApp(PATIENT)
        const outcomes = await track(page, ledger, 5)
        // The time is what this scenario varies: there is nothing to wait for.
        if (moment > 0) await sleep(moment)
        await browser.kill()
        expect(outcomes).toEqual(outcomes.map(() => expect.objectContaining({ status: 'durable' })))
        await browser.reopen()
      }
    }
  },
}
