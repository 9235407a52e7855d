import { expect, test } from 'vitest'
import { sha256 } from '../../packages/collector/src/core/sha256.ts'
import { inflateContract } from '../../packages/collector/test/inflate-contract.ts'
import { simulatedPlatform } from './platform.ts'
import { createScheduler, type Life } from './scheduler.ts'

function platformOf(life: Life = { state: 'running' }) {
  const scheduler = createScheduler(1_000, () => 0.5)
  return { scheduler, platform: simulatedPlatform(scheduler, life) }
}

inflateContract('the inflater of the simulation', platformOf().platform.inflate)

test('it hashes as WebCrypto does', async () => {
  const bytes = new TextEncoder().encode('a batch')
  expect(await platformOf().platform.sha256(bytes)).toEqual(await sha256(bytes))
})

test('what it hashes and inflates is there before anything else happens', async () => {
  const { platform } = platformOf()
  let settled = 0
  const count = () => {
    settled += 1
  }
  platform.sha256(new Uint8Array(100_000)).then(count)
  platform.inflate(new Uint8Array(100_000), 10).then(count)
  await new Promise((resolve) => process.nextTick(resolve))
  expect(settled).toBe(2)
})

test('a timer fires by the scheduler, unless it is taken back or its collector is gone', async () => {
  const life: Life = { state: 'running' }
  const { scheduler, platform } = platformOf(life)
  const fired: [string, number][] = []
  const fire = (name: string) => () => fired.push([name, scheduler.now()])
  platform.after(10, fire('first'))
  platform.after(20, fire('taken back'))()
  platform.after(40, fire('too late'))
  await scheduler.pass(30)
  life.state = 'gone'
  await scheduler.pass(30)
  expect(fired).toEqual([['first', 1_010]])
})
