import { ok } from '@waybill/protocol'
import { describe, expect, test } from 'vitest'
import type { Batch } from '../../packages/collector/src/core/batch.ts'
import type { Sink } from '../../packages/collector/src/core/sink.ts'
import { deliverable, lineOf, NOW, STREAM } from '../../packages/collector/test/batches.ts'
import { type Destination, deliveryContract } from '../../packages/collector/test/sink-contract.ts'
import type { SimulatedDestination } from './destination.ts'
import { createScheduler, type Life, type Scheduler } from './scheduler.ts'
import { seededRandom } from './seeded-random.ts'
import { simulatedR2, simulatedWebhook } from './sinks.ts'

const DEADLINE = 10_000
const OK = { ok: true, value: undefined }
const TRANSIENT = { ok: false, fault: { kind: 'transient' } }

const kinds = { 'the R2 sink': simulatedR2, 'the webhook sink': simulatedWebhook }

function setUp(create: typeof simulatedR2, seed = 1) {
  const scheduler = createScheduler(NOW, seededRandom(seed))
  const destination = create({ scheduler, deadline: DEADLINE })
  const caller: Life = { state: 'running' }
  return { scheduler, destination, caller, sink: destination.sinkOf(caller, { required: true }) }
}

const textOf = (batch: Batch) => batch.lines.map((line) => new TextDecoder().decode(line))
const heldOf = (destination: SimulatedDestination, { batchId }: Batch) => destination.held.get(batchId) ?? []

/** Lets time pass until the delivery has settled; `undefined` when it has not for so many milliseconds. */
async function within<Value>(ms: number, scheduler: Scheduler, delivery: Promise<Value>) {
  let settled: Value | undefined
  delivery.then((result) => {
    settled = result
  })
  const end = scheduler.now() + ms
  while (!settled && scheduler.now() < end) await scheduler.pass(10)
  return settled
}

const deliver = (
  { scheduler, sink }: Pick<ReturnType<typeof setUp>, 'scheduler' | 'sink'>,
  batch: Batch,
  { ms = 1_000, signal = new AbortController().signal } = {},
) => within(ms, scheduler, sink.deliver(batch, signal))

for (const [name, create] of Object.entries(kinds)) {
  deliveryContract(`${name} on its simulated destination`, () => {
    const { scheduler, destination, sink } = setUp(create)
    const contracted: Destination = {
      set mode(mode: Destination['mode']) {
        Object.assign(destination.faults, { fails: mode === 'fails' ? 1 : 0, slow: mode === 'hangs' ? 1 : 0 })
      },
      held: async (batch) => heldOf(destination, batch).map((lines) => [...lines]),
    }
    const driven: Sink = {
      ...sink,
      async deliver(batch, signal) {
        const delivery = sink.deliver(batch, signal)
        await within(60_000, scheduler, delivery)
        return delivery
      },
      ...(sink.ready && {
        async ready(signal) {
          const answer = sink.ready?.(signal) ?? Promise.resolve(ok(undefined))
          await within(60_000, scheduler, answer)
          return answer
        },
      }),
    }
    return { sink: driven, destination: contracted }
  })

  describe(`${name} on its simulated destination`, () => {
    test('takes time for all it does', async () => {
      const set = setUp(create)
      const batch = await deliverable(1, 2)
      const delivery = set.sink.deliver(batch, new AbortController().signal)
      await set.scheduler.pass(1)
      expect(heldOf(set.destination, batch)).toEqual([])
      expect(await within(1_000, set.scheduler, delivery)).toEqual(OK)
      const [arrival] = set.destination.arrivals
      expect(arrival).toEqual({ at: expect.any(Number), batchId: batch.batchId, lines: textOf(batch), kept: true })
      expect(arrival?.at).toBeGreaterThan(NOW)
      expect(arrival?.at).toBeLessThan(set.scheduler.now())
    })

    test('shows a repeat as an arrival, and does not keep it', async () => {
      const set = setUp(create)
      const batch = await deliverable(1, 2)
      await deliver(set, batch)
      expect(await deliver(set, batch)).toEqual(OK)
      expect(set.destination.arrivals.map(({ kept }) => kept)).toEqual([true, false])
      expect(heldOf(set.destination, batch)).toEqual([textOf(batch)])
    })

    test('when it is slow, is longer about it than a deadline, and has the batch in the end', async () => {
      const early = new Set<boolean>()
      for (let seed = 1; seed <= 20; seed++) {
        const set = setUp(create, seed)
        const batch = await deliverable(1, 2)
        set.destination.faults.slow = 1
        const delivery = set.sink.deliver(batch, new AbortController().signal)
        expect(await within(DEADLINE, set.scheduler, delivery)).toBeUndefined()
        early.add(heldOf(set.destination, batch).length > 0)
        expect(await within(60_000, set.scheduler, delivery)).toEqual(OK)
        expect(heldOf(set.destination, batch)).toEqual([textOf(batch)])
        expect(set.destination.counts.slow).toBe(1)
      }
      // The seconds pass before the effect or after it.
      expect(early).toEqual(new Set([true, false]))
    })

    test('when it fails, keeps nothing', async () => {
      const set = setUp(create)
      const batch = await deliverable(1, 2)
      set.destination.faults.fails = 1
      expect(await deliver(set, batch)).toMatchObject(TRANSIENT)
      expect(set.destination).toMatchObject({ arrivals: [], counts: { fails: 1, lies: 0 } })
    })

    test('when it lies, has what it says it has not, once', async () => {
      const set = setUp(create)
      const batch = await deliverable(1, 2)
      set.destination.faults.lies = 1
      expect(await deliver(set, batch)).toMatchObject(TRANSIENT)
      expect(heldOf(set.destination, batch)).toEqual([textOf(batch)])
      expect(await deliver(set, batch)).toEqual(OK)
      expect(heldOf(set.destination, batch)).toEqual([textOf(batch)])
      expect(set.destination.counts.lies).toBe(1)
    })

    test.each([0, 1])('with a collector that died on the way, does it by the chance there is: %i', async (chance) => {
      const set = setUp(create)
      const batch = await deliverable(1, 2)
      set.destination.faults.outlives = chance
      const delivery = set.sink.deliver(batch, new AbortController().signal)
      set.caller.state = 'gone'
      expect(await within(60_000, set.scheduler, delivery)).toBeUndefined()
      expect(heldOf(set.destination, batch)).toHaveLength(chance)
      expect(set.destination.counts.outlives).toBe(chance)
    })

    test.each([0, 1])('tells a collector nothing that died when it was done, nor lies to it: %i', async (chance) => {
      const set = setUp(create)
      set.destination.faults.lies = chance
      const delivery = set.sink.deliver(await deliverable(1, 2), new AbortController().signal)
      while (set.destination.arrivals.length === 0) await set.scheduler.pass(1)
      set.caller.state = 'gone'
      expect(await within(60_000, set.scheduler, delivery)).toBeUndefined()
    })

    test('works again as soon as a fault is switched off, and counts none that is not switched on', async () => {
      const set = setUp(create)
      set.destination.faults.fails = 1
      await deliver(set, await deliverable(1, 2))
      set.destination.faults.fails = 0
      for (let first = 1; first <= 50; first++) expect(await deliver(set, await deliverable(first, first))).toEqual(OK)
      expect(set.destination.counts).toEqual({ slow: 0, fails: 1, refuses: 0, lies: 0, outlives: 0 })
    })
  })
}

test.each(Object.entries(kinds))(
  '%s has a forked stream held beside the first, under the same batch id',
  async (_, create) => {
    const set = setUp(create)
    const batch = await deliverable(1, 1)
    const forked = await deliverable(1, 1, [lineOf(1, { event: 'Something Else' })])
    for (const each of [batch, forked, batch, forked]) expect(await deliver(set, each)).toEqual(OK)
    expect(heldOf(set.destination, batch)).toEqual([textOf(batch), textOf(forked)])
  },
)

test('of two that write to one key at once, a bucket keeps one, and both are told the truth', async () => {
  const set = setUp(simulatedR2)
  const batch = await deliverable(1, 1)
  const { signal } = new AbortController()
  const other = set.destination.sinkOf({ state: 'running' }, { required: true })
  const both = [set.sink.deliver(batch, signal), other.deliver(batch, signal)]
  await set.scheduler.pass(1_000)
  expect(await Promise.all(both)).toEqual([OK, OK])
  expect(set.destination.arrivals.map(({ kept }) => kept)).toEqual([true, false])
})

test('a receiver of webhooks holds what it was sent first under an id, whatever comes later', async () => {
  const set = setUp(simulatedWebhook)
  const batch = await deliverable(1, 1)
  const enriched = { ...batch, lines: [new TextEncoder().encode(lineOf(1, { received: { at: 'later' } }))] }
  for (const each of [batch, enriched]) expect(await deliver(set, each)).toEqual(OK)
  expect(heldOf(set.destination, batch)).toEqual([textOf(batch)])
  expect(set.destination.arrivals.map(({ lines }) => lines)).toEqual([textOf(batch), textOf(enriched)])
})

test('a receiver of webhooks fails in each of the ways there are, with and without a time to come back', async () => {
  const set = setUp(simulatedWebhook)
  set.destination.faults.fails = 1
  const faults = new Map<string, number | undefined>()
  for (let turn = 0; turn < 50; turn++) {
    const result = await deliver(set, await deliverable(1, 1))
    if (result && !result.ok && result.fault.kind === 'transient')
      faults.set(result.fault.detail, result.fault.retryAfter)
  }
  expect(Object.fromEntries(faults)).toEqual({
    'TypeError: fetch failed': undefined,
    'answered 500': undefined,
    'answered 503': expect.any(Number),
    'answered 429': expect.any(Number),
  })
})

test('a receiver of webhooks that refuses names one event of the batch, and takes the others with its tombstone', async () => {
  const set = setUp(simulatedWebhook)
  set.destination.faults.refuses = 1
  const batch = await deliverable(1, 3)
  expect(await deliver(set, batch)).toMatchObject({ fault: { kind: 'refused', seqs: [expect.any(Number)] } })
  expect(heldOf(set.destination, batch)).toEqual([])
  const tombstone = `{"streamId":"${STREAM}","seq":1,"type":"rejected","reason":"refused_by_sink"}`
  const buried = await deliverable(1, 1, [tombstone])
  expect(await deliver(set, buried)).toEqual(OK)
  expect(set.destination.counts.refuses).toBe(1)
})

test('a request that is broken off may have got through', async () => {
  for (const chance of [0, 1]) {
    const set = setUp(simulatedWebhook)
    set.destination.faults.outlives = chance
    const batch = await deliverable(1, 1)
    const controller = new AbortController()
    const delivery = set.sink.deliver(batch, controller.signal)
    await set.scheduler.pass(0)
    controller.abort()
    expect(await within(60_000, set.scheduler, delivery)).toMatchObject(TRANSIENT)
    await set.scheduler.pass(1_000)
    expect(heldOf(set.destination, batch)).toHaveLength(chance)
  }
})
