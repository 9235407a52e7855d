import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { BatchLog } from '../../packages/collector/src/core/batch-log.ts'
import { batchOf, headerOf, lineOf, linesOf, NOW, STREAM } from '../../packages/collector/test/batches.ts'
import { createFleet, type FleetOptions } from './collectors.ts'
import { createScheduler } from './scheduler.ts'
import { seededRandom } from './seeded-random.ts'
import { simulatedR2, simulatedWebhook } from './sinks.ts'

const ORIGIN = 'https://site.example'

/** A fleet over a bucket and a receiver, both of them required, and all that happens at its edge, in order. */
function setUp(seed: number, options: Partial<FleetOptions> = {}) {
  const scheduler = createScheduler(NOW, seededRandom(seed))
  const bucket = simulatedR2({ scheduler })
  const receiver = simulatedWebhook({ scheduler })
  const logged: BatchLog[] = []
  const fleet = createFleet({
    scheduler,
    sinks: [
      { destination: bucket, required: true },
      { destination: receiver, required: true },
    ],
    origins: [ORIGIN],
    log: (entry) => logged.push(entry),
    ...options,
  })
  const answers: { at: number; status: number; headers: Record<string, string>; body: string }[] = []

  function present(body: string, { gzip = false } = {}): void {
    const bytes = gzip ? gzipSync(body) : new TextEncoder().encode(body)
    fleet.fetch(
      {
        url: `https://collector.example/v1/events?key=wk_sim${gzip ? '&encoding=gzip' : ''}`,
        method: 'POST',
        headers: { origin: ORIGIN, 'content-type': 'text/plain;charset=UTF-8' },
        body: new Uint8Array(bytes),
      },
      ({ status, headers, body }) =>
        answers.push({
          at: scheduler.now(),
          status,
          headers: Object.fromEntries(headers),
          body: new TextDecoder().decode(body),
        }),
    )
  }

  return { scheduler, bucket, receiver, fleet, logged, answers, present }
}

const statusesOf = ({ answers }: Pick<ReturnType<typeof setUp>, 'answers'>) => answers.map(({ status }) => status)
const idOf = (first: number, last = first) => `${STREAM}:${first}-${last}`

test('a batch that is presented is answered when both destinations have it', async () => {
  const set = setUp(1)
  set.present(batchOf(1, 3), { gzip: true })
  await set.scheduler.pass(0)
  expect(set.answers).toEqual([])
  await set.scheduler.pass(1_000)
  expect(statusesOf(set)).toEqual([200])
  expect(JSON.parse(set.answers[0]?.body ?? '')).toEqual({ batchId: idOf(1, 3), recorded: 3, rejected: [] })
  expect(set.answers[0]?.headers['access-control-allow-origin']).toBe(ORIGIN)
  for (const { held } of [set.bucket, set.receiver]) {
    expect(held.get(idOf(1, 3))?.[0]?.map((line) => JSON.parse(line).seq)).toEqual([1, 2, 3])
  }
  expect(set.fleet.counts).toEqual({ taken: 1, answered: 1, died: 0 })
})

test('what a collector does by itself is done within some steps of the scheduler, however large the batch', async () => {
  const set = setUp(1)
  const lines = Array.from({ length: 30 }, (_, index) =>
    lineOf(index + 1, { properties: { text: 'x'.repeat(15_000) } }),
  )
  set.present(batchOf(1, 29, lines), { gzip: true })
  set.present(batchOf(1, 29, lines))
  await set.scheduler.pass(2)
  expect(statusesOf(set)).toEqual([400, 400])
  set.present(batchOf(1, 30, lines), { gzip: true })
  set.present(batchOf(1, 30, lines))
  await set.scheduler.pass(2)
  // The way there takes so long at most.
  await set.scheduler.pass(41)
  expect([set.bucket.arrivals.length, set.receiver.arrivals.length]).toEqual([2, 2])
})

test('two batches that come at the same time are not mixed', async () => {
  const set = setUp(1, { instances: 1 })
  for (let first = 1; first <= 20; first += 2) set.present(batchOf(first, first + 1), { gzip: first % 4 === 1 })
  await set.scheduler.pass(1_000)
  for (const { batchId, lines } of set.bucket.arrivals)
    expect(lines.map((line) => JSON.parse(line).seq)).toEqual(batchId.split(':')[1]?.split('-').map(Number))
})

test('a request that is cut is no batch', async () => {
  const set = setUp(1)
  const body = new TextEncoder().encode(batchOf(1, 3))
  const headers = { origin: ORIGIN, 'content-type': 'text/plain' }
  const url = 'https://collector.example/v1/events?key=wk_sim'
  const statuses: number[] = []
  for (const cutAt of [0, 10, body.length - 1])
    set.fleet.fetch({ url, method: 'POST', headers, body, cutAt }, ({ status }) => statuses.push(status))
  await set.scheduler.pass(1_000)
  expect(statuses).toEqual([400, 400, 400])
  expect(set.bucket.arrivals).toEqual([])
})

test('one destination that is too slow is given up at the deadline, in the time of the simulation', async () => {
  const set = setUp(1)
  set.bucket.faults.slow = 1
  set.present(batchOf(1, 3))
  await set.scheduler.pass(60_000)
  set.present(`${headerOf(1, 3, { attempt: 2 })}\n${linesOf(1, 3).join('\n')}\n`)
  await set.scheduler.pass(60_000)
  expect(statusesOf(set)).toEqual([202, 503])
  // It has inflated and hashed the batch before.
  for (const [index, patience] of [3_000, 60_000 + 10_000].entries()) {
    expect(set.answers[index]?.at).toBeGreaterThanOrEqual(NOW + patience)
    expect(set.answers[index]?.at).toBeLessThan(NOW + patience + 3)
  }
  expect(set.bucket.held.size + set.receiver.held.size).toBe(2)
})

test('a key that is taken out is unknown from then on, and one that is put in is known', async () => {
  const set = setUp(1)
  set.fleet.replaceAll({ keys: ['wk_other'] })
  set.present(batchOf(1, 3))
  await set.scheduler.pass(1_000)
  set.fleet.replaceAll({ keys: ['wk_other', 'wk_sim'] })
  set.present(batchOf(1, 3))
  await set.scheduler.pass(1_000)
  expect(statusesOf(set)).toEqual([401, 200])
})

test('a collector that is killed in mid-request never answers, and what it had begun is done or not', async () => {
  const outcomes = new Set<string>()
  for (let seed = 1; seed <= 100; seed++) {
    const set = setUp(seed, { instances: 1 })
    set.present(batchOf(1, 3))
    await set.scheduler.pass(seed % 3)
    set.fleet.kill(0)
    await set.scheduler.pass(60_000)
    expect(set.answers).toEqual([])
    expect(set.logged).toEqual([])
    expect(set.fleet.counts).toEqual({ taken: 1, answered: 0, died: 1 })
    outcomes.add(`${set.bucket.held.size} and ${set.receiver.held.size}`)
    set.present(batchOf(1, 3))
    await set.scheduler.pass(1_000)
    expect(statusesOf(set)).toEqual([200])
    expect(set.receiver.held.get(idOf(1, 3))).toHaveLength(1)
    expect(set.bucket.held.get(idOf(1, 3))).toHaveLength(1)
  }
  expect(outcomes).toEqual(new Set(['0 and 0', '0 and 1', '1 and 0', '1 and 1']))
})

test('the others live on when one is killed', async () => {
  const set = setUp(1, { instances: 3 })
  for (let first = 1; first <= 30; first++) set.present(batchOf(first, first))
  await set.scheduler.pass(0)
  set.fleet.kill(4)
  await set.scheduler.pass(1_000)
  const { answered, died } = set.fleet.counts
  expect(answered).toBe(set.answers.length)
  expect(answered + died).toBe(30)
  expect(died).toBeGreaterThan(0)
  expect(answered).toBeGreaterThan(died)
})

test('any of them can be killed, by any number', async () => {
  const set = setUp(1, { instances: 3 })
  for (let first = 1; first <= 30; first++) set.present(batchOf(first, first))
  await set.scheduler.pass(0)
  for (const index of [5, 0, 4]) set.fleet.kill(index)
  await set.scheduler.pass(1_000)
  expect(set.fleet.counts).toEqual({ taken: 30, answered: 0, died: 30 })
})

test('those that are replaced end what they had begun, or die', async () => {
  const ends = new Set<number>()
  for (let seed = 1; seed <= 20; seed++) {
    const set = setUp(seed, { instances: 1 })
    set.present(batchOf(1, 3))
    await set.scheduler.pass(0)
    set.fleet.replaceAll({ instances: 2 })
    await set.scheduler.pass(1_000)
    expect(set.fleet.counts.answered + set.fleet.counts.died).toBe(1)
    ends.add(set.fleet.counts.died)
  }
  expect(ends).toEqual(new Set([0, 1]))
})

test('limits and sinks are those of the latest deployment, for whoever comes after it', async () => {
  const set = setUp(1)
  const run = async (first: number, last: number) => {
    set.present(batchOf(first, last))
    await set.scheduler.pass(30_000)
    return set.answers.at(-1)?.status
  }
  set.fleet.replaceAll({ limits: { batchEvents: 2 } })
  expect(await run(1, 3)).toBe(413)
  set.fleet.replaceAll({ limits: {}, instances: 1 })
  expect(await run(1, 3)).toBe(200)

  const more = simulatedR2({ scheduler: set.scheduler, name: 'archive' })
  set.receiver.faults.fails = 1
  expect(await run(4, 6)).toBe(503)
  set.fleet.replaceAll({
    sinks: [
      { destination: more, required: true },
      { destination: set.receiver, required: false },
    ],
  })
  expect(await run(4, 6)).toBe(200)
  set.fleet.kill(0)
  expect(await run(7, 9)).toBe(200)
  expect([...more.held.keys()]).toEqual([idOf(4, 6), idOf(7, 9)])
})

test('a deployment that cannot work is refused, and the one before it goes on', async () => {
  const set = setUp(1)
  expect(() => set.fleet.replaceAll({ limits: { bodyBytes: 3_000 } })).toThrow('bodyBytes')
  set.fleet.kill(0)
  set.present(batchOf(1, 3))
  await set.scheduler.pass(1_000)
  expect(statusesOf(set)).toEqual([200])
})

const again = (attempt: number, receipt?: string) =>
  `${headerOf(1, 3, { attempt, receipt })}\n${linesOf(1, 3).join('\n')}\n`

test('what one collector has done the others know by the cache that they share, most of the time', async () => {
  const arrivals = { none: 0, memory: 0, shared: 0 }
  for (let seed = 1; seed <= 20; seed++) {
    for (const cache of ['none', 'memory', 'shared'] as const) {
      const set = setUp(seed, { cache })
      for (const attempt of [1, 2]) {
        set.present(again(attempt))
        await set.scheduler.pass(30_000)
      }
      expect(statusesOf(set)).toEqual([200, 200])
      arrivals[cache] += set.bucket.arrivals.length
    }
  }
  expect(arrivals.none).toBe(40)
  expect(arrivals.memory).toBeLessThan(35)
  expect(arrivals.shared).toBeLessThan(30)
  expect(arrivals.shared).toBeGreaterThan(20)
})

test('a receipt is good at every collector with its key, and for no destination that has moved', async () => {
  const keys = [1, 2].map((number) => ({ id: `k${number}`, secret: `${number}`.repeat(32) }))
  const set = setUp(1, { receiptKeys: keys.slice(0, 1) })
  const receipt = () => JSON.parse(set.answers.at(-1)?.body ?? '').receipt
  const run = async (attempt: number) => {
    set.present(again(attempt, attempt === 1 ? undefined : receipt()))
    await set.scheduler.pass(30_000)
  }
  set.receiver.faults.fails = 1
  await run(1)
  set.fleet.replaceAll({ receiptKeys: keys.toReversed() })
  await run(2)
  expect(set.bucket.arrivals).toHaveLength(1)
  set.fleet.replaceAll({
    receiptKeys: keys.slice(1),
    sinks: [
      { destination: set.bucket, required: true, generation: 'moved' },
      { destination: set.receiver, required: true },
    ],
  })
  set.receiver.faults.fails = 0
  await run(3)
  expect(statusesOf(set)).toEqual([503, 503, 200])
  expect(set.bucket.arrivals).toHaveLength(2)
  expect(set.logged.map(({ receipt }) => receipt)).toEqual([undefined, undefined, undefined])
})

/** A few hundred batches, some of them more than once, some spoilt or forked, under every fault there is. */
async function storm(seed: number) {
  const set = setUp(seed)
  const { scheduler, bucket, receiver, fleet } = set
  const { random } = scheduler
  const any = <Value>(...values: Value[]) => values[Math.floor(random() * values.length)] as Value
  const bodies = [
    (first: number) => batchOf(first, first + 9),
    (first: number) => batchOf(first, first, [lineOf(first, { event: 'Something Else' })]),
    (first: number) => batchOf(first, first + 1, [lineOf(first), '{"spoilt":true}']),
    (first: number) => `${headerOf(first, first + 1)}\n${linesOf(first, first).join('\n')}`,
    (first: number) => batchOf(first, first, [lineOf(first, { properties: { text: 'x'.repeat(20_000) } })]),
  ]
  for (let turn = 0; turn < 400; turn++) {
    const destination = any(bucket, receiver)
    destination.faults[any('lags', 'slow', 'fails', 'refuses', 'lies', 'outlives')] = any(0, 0.2, 0.5)
    set.present(any(...bodies)(1 + Math.floor(random() * 100)), { gzip: random() < 0.5 })
    if (random() < 0.1) fleet.kill(turn)
    if (random() < 0.05) fleet.replaceAll({ instances: any(1, 2, 3), limits: any({}, { batchEvents: 5 }) })
    await scheduler.pass(random() * any(20, 20, 2_000))
  }
  await scheduler.pass(120_000)
  const { answers, logged } = set
  return {
    log: [answers, logged, bucket.arrivals, receiver.arrivals, bucket.counts, receiver.counts, fleet.counts],
    answers,
    set,
    steps: scheduler.steps,
    next: random(),
  }
}

test('the same seed makes the same history, in every detail and under every fault', { timeout: 60_000 }, async () => {
  const first = await storm(7)
  const second = await storm(7)
  expect(JSON.stringify(second.log)).toBe(JSON.stringify(first.log))
  expect([second.steps, second.next]).toEqual([first.steps, first.next])

  // It was a storm: everything happened that can, and nothing that may not.
  const { bucket, receiver, fleet } = first.set
  for (const destination of [bucket, receiver]) {
    const { refuses, ...others } = destination.counts
    // A bucket takes anything.
    expect(refuses > 0).toBe(destination === receiver)
    for (const [fault, count] of Object.entries(others)) expect([fault, count > 0]).toEqual([fault, true])
  }
  expect(new Set(statusesOf(first))).toEqual(new Set([200, 202, 400, 413, 503]))
  expect([...bucket.held.values()].some((forms) => forms.length > 1)).toBe(true)
  expect(fleet.counts.died).toBeGreaterThan(0)
  expect(fleet.counts.answered + fleet.counts.died).toBe(fleet.counts.taken)
  expect(JSON.stringify((await storm(8)).log)).not.toBe(JSON.stringify(first.log))
})
