import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { concat } from '../../packages/collector/src/core/bytes.ts'
import { inflate, SLICE } from '../../packages/collector/src/core/inflate.ts'
import { sha256 } from '../../packages/collector/src/core/sha256.ts'
import { inflateContract } from '../../packages/collector/test/inflate-contract.ts'
import { simulatedPlatform } from './platform.ts'
import { createScheduler, type Life } from './scheduler.ts'
import { seededRandom } from './seeded-random.ts'

function platformOf(life: Life = { state: 'running' }) {
  const scheduler = createScheduler(1_000, () => 0.5)
  return { scheduler, platform: simulatedPlatform(scheduler, life) }
}

inflateContract('the inflater of the simulation', platformOf().platform.inflate)

test('it inflates as the stream does whatever is spoilt, in hundreds of ways', { timeout: 60_000 }, async () => {
  const random = seededRandom(1)
  const upTo = (most: number) => Math.floor(random() * most)
  const { platform } = platformOf()
  const results = { whole: 0, beginning: 0, none: 0 }
  for (let turn = 0; turn < 400; turn++) {
    const letters = 1 + upTo(256)
    const bytes = Uint8Array.from({ length: 1 + upTo(20_000) }, () => upTo(letters))
    const gzipped = new Uint8Array(gzipSync(bytes))
    const garbage = Uint8Array.from({ length: 8 }, () => upTo(2) * upTo(256))
    const file = [
      () => gzipped,
      () => gzipped.slice(0, upTo(gzipped.length)),
      () => gzipped.fill(upTo(256), upTo(gzipped.length)),
      () => gzipped.with(upTo(gzipped.length), upTo(256)) as Uint8Array<ArrayBuffer>,
      () => concat([gzipped, garbage]),
      () => concat([gzipped, gzipped]),
      () => concat([gzipSync(''), gzipped]),
    ][turn % 7]?.()
    if (!file) continue
    const max = random() < 0.3 ? bytes.length : 1 + upTo(20_000)
    const streamed = await inflate(file, max)
    const simulated = await platform.inflate(file, max)
    const beforeItsEnd = file.slice(0, Math.floor((file.length - 1) / SLICE) * SLICE)
    if (!streamed.ok && simulated.ok && !(await platform.inflate(beforeItsEnd, max)).ok) {
      // What is too much and broken in the one slice that is the last: Node tells whichever it comes upon first.
      expect(simulated.value.whole).toBe(false)
    } else {
      expect(simulated, `turn ${turn}`).toEqual(streamed)
    }
    results[streamed.ok ? (streamed.value.whole ? 'whole' : 'beginning') : 'none'] += 1
  }
  for (const [result, count] of Object.entries(results)) expect([result, count > 20]).toEqual([result, true])
})

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
