import { describe, expect, test } from 'vitest'
import type { Batch } from '../src/core/batch.ts'
import type { Sink } from '../src/core/sink.ts'
import { type Replaced, withTombstones } from '../src/core/with-tombstones.ts'
import { deliverable, lineOf, tombstoneOf } from './batches.ts'

/** A destination that a test can look into and break. */
export interface Destination {
  /** How it takes a batch. */
  mode: 'works' | 'fails' | 'hangs'
  /** The seqs of the events that it takes no batch with. Left out where the sink has no way of being told so. */
  refuses?: readonly number[]
  /** Whether the second content of a forked batch is dropped there, as the sink's documentation then has to say. */
  dropsForks?: true
  /** The lines it holds for a batch id, each presentation that it did not recognise as a repeat on its own. */
  held(batch: Batch): Promise<string[][]>
  /** What of a line can be found there again; `undefined` when nothing can. Default: the line, byte for byte. */
  traceOf?(line: string): string | undefined
}

/** A sink, and the destination behind it. */
export interface Delivering {
  sink: Sink
  destination: Destination
}

/** What the suite asks of each kind of sink: `test/sinks/<name>.ts` exports a function `create` that makes one. */
export interface SinkFixture extends Delivering {
  /** The same kind of sink, once for each setting that names another destination; none where there is only one. */
  elsewhere?: readonly Sink[]
  /** What stands in the options and must not be shown. */
  secrets?: readonly string[]
}

type Creating<Fixture> = () => Fixture | Promise<Fixture>

const deliver = (sink: Sink, batch: Batch, signal = new AbortController().signal) => sink.deliver(batch, signal)

/** Each as often as a destination holds it that knows no repeats, once as all others do. */
const repeated = <Value>({ idempotency }: Sink, each: Value): Value[] =>
  idempotency.key === 'none' ? [each, each] : [each]

/** What a destination holds of a batch when it has all of it. */
const tracesOf = ({ traceOf = (line) => line }: Destination, batch: Batch): string[] =>
  batch.lines.flatMap((line) => traceOf(new TextDecoder().decode(line)) ?? [])

/** How every sink delivers. `create` makes one and the destination behind it, afresh for each test. */
export function deliveryContract(name: string, create: Creating<Delivering>): void {
  describe(`${name} keeps the contract of sinks`, () => {
    test('it takes a batch, every line whole and in order', async () => {
      const { sink, destination } = await create()
      const batch = await deliverable(1, 3)
      expect(await deliver(sink, batch)).toEqual({ ok: true, value: undefined })
      expect(await destination.held(batch)).toEqual([tracesOf(destination, batch)])
    })

    test('a repeat comes under the id of the first, and is held once if the sink says that repeats are told', async () => {
      const { sink, destination } = await create()
      const batch = await deliverable(11, 12)
      expect((await deliver(sink, batch)).ok).toBe(true)
      expect((await deliver(sink, batch)).ok).toBe(true)
      expect(await destination.held(batch)).toEqual(repeated(sink, tracesOf(destination, batch)))
    })

    test('a destination that fails is a transient fault, and the batch can be presented again', async () => {
      const { sink, destination } = await create()
      const batch = await deliverable(21, 22)
      destination.mode = 'fails'
      expect(await deliver(sink, batch)).toMatchObject({
        ok: false,
        fault: { kind: 'transient', detail: expect.any(String) },
      })
      destination.mode = 'works'
      expect((await deliver(sink, batch)).ok).toBe(true)
      expect(await destination.held(batch)).toEqual([tracesOf(destination, batch)])
    })

    test('events that are refused are named and not held, and all else is, with tombstones in their places', async ({
      skip,
    }) => {
      const { sink, destination } = await create()
      skip(destination.refuses === undefined, 'this sink has no way of being told so')
      destination.refuses = [52]
      const batch = await deliverable(51, 53)
      expect(await deliver(sink, batch)).toMatchObject({ ok: false, fault: { kind: 'refused', seqs: [52] } })
      const [, trace] = tracesOf(destination, batch)
      expect((await destination.held(batch)).flat()).not.toContain(trace)
      const { batch: rest } = withTombstones(batch, [52]) as Replaced
      expect(await deliver(sink, rest)).toEqual({ ok: true, value: undefined })
      expect(await destination.held(batch)).toEqual([tracesOf(destination, rest)])
    })

    test('tombstones are taken as they come, those of ranges too', async () => {
      const { sink, destination } = await create()
      const lines = [
        tombstoneOf(61, { type: 'shed', reason: 'cap', through: 63 }),
        lineOf(64),
        tombstoneOf(65, { type: 'rejected', reason: 'event_too_large' }),
      ]
      const batch = await deliverable(61, 65, lines)
      expect(await deliver(sink, batch)).toEqual({ ok: true, value: undefined })
      expect(await destination.held(batch)).toEqual([tracesOf(destination, batch)])
    })

    test('a batch of nothing but tombstones is taken', async () => {
      const { sink, destination } = await create()
      const batch = await deliverable(71, 79, [tombstoneOf(71, { type: 'shed', reason: 'age', through: 79 })])
      expect(await deliver(sink, batch)).toEqual({ ok: true, value: undefined })
      const traces = tracesOf(destination, batch)
      expect(await destination.held(batch)).toEqual(traces.length === 0 ? [] : [traces])
    })

    test('what a client may put into a line beside what is checked holds no batch back', async () => {
      const { sink, destination } = await create()
      const odd = { name: { toString: 1 }, through: 'x', reason: [], integrations: null, seqs: 1e300 }
      const lines = [
        lineOf(91, { ...odd, event: 'half a pair: \ud800', timestamp: '0001-01-01T00:00:00.000Z' }),
        lineOf(92, { through: 9, category: 7, context: { waybill: 1, __proto__: 2 } }),
        tombstoneOf(93, {
          ...{ name: 1, timestamp: 5, properties: 'x', messageId: null },
          type: 'shed',
          reason: 'cap',
        }),
      ]
      const batch = await deliverable(91, 93, lines)
      expect(await deliver(sink, batch)).toEqual({ ok: true, value: undefined })
      expect(await destination.held(batch)).toEqual([tracesOf(destination, batch)])
    })

    test('a fork, the same range with other bytes, is held beside the first or not called taken', async () => {
      const { sink, destination } = await create()
      const batch = await deliverable(81, 82)
      const fork = await deliverable(81, 82, [lineOf(81), lineOf(82, { event: 'Something Else' })])
      expect((await deliver(sink, batch)).ok).toBe(true)
      const { ok } = await deliver(sink, fork)
      expect((await deliver(sink, batch)).ok).toBe(true)
      expect((await deliver(sink, fork)).ok).toBe(ok)
      const contents = ok && !destination.dropsForks ? [batch, fork] : [batch]
      const expected = contents.flatMap((content) => repeated(sink, tracesOf(destination, content)))
      expect((await destination.held(batch)).toSorted()).toEqual(expected.toSorted())
    })

    test('a destination that hangs is left when the signal fires', async () => {
      const { sink, destination } = await create()
      destination.mode = 'hangs'
      const controller = new AbortController()
      const delivery = deliver(sink, await deliverable(31, 31), controller.signal)
      controller.abort(new Error('enough'))
      expect(await delivery).toMatchObject({ ok: false, fault: { kind: 'transient', detail: 'Error: enough' } })
    })

    test('a signal that has fired already is heeded', async () => {
      const { sink, destination } = await create()
      destination.mode = 'hangs'
      expect((await deliver(sink, await deliverable(41, 41), AbortSignal.abort())).ok).toBe(false)
    })

    test('asked whether it is ready, it says so without writing anything', async ({ skip }) => {
      const { sink, destination } = await create()
      skip(!sink.ready, 'this sink cannot be asked')
      expect(await sink.ready?.(new AbortController().signal)).toEqual({ ok: true, value: undefined })
      expect(await destination.held(await deliverable(1, 1))).toEqual([])
      destination.mode = 'fails'
      expect(await sink.ready?.(new AbortController().signal)).toMatchObject({
        ok: false,
        fault: { kind: 'transient', detail: expect.any(String) },
      })
    })

    test('asked whether it is ready, it heeds the signal', async ({ skip }) => {
      const { sink, destination } = await create()
      skip(!sink.ready, 'this sink cannot be asked')
      destination.mode = 'hangs'
      const controller = new AbortController()
      const answer = sink.ready?.(controller.signal)
      controller.abort(new Error('enough'))
      expect(await answer).toMatchObject({ ok: false, fault: { kind: 'transient', detail: 'Error: enough' } })
    })
  })
}

/** What every sink says of itself. */
function descriptionContract(name: string, create: Creating<SinkFixture>): void {
  describe(`${name} says of itself`, () => {
    test('what it is called and what it promises', async () => {
      const { sink } = await create()
      expect(sink.name).toMatch(/^[a-z0-9-]{1,64}$/)
      expect(['durable', 'accepted', 'best-effort']).toContain(sink.guarantee)
      expect(sink.required && sink.guarantee === 'best-effort').toBe(false)
    })

    test('what tells a repeat and for how long, in a phrase each', async () => {
      const { key, window } = (await create()).sink.idempotency
      for (const phrase of [key, window]) expect(phrase).toMatch(/^[^|\n]{1,160}$/)
      expect(window === 'none').toBe(key === 'none')
    })

    test('which destination it is, the same each time, another one for another, and no secret', async () => {
      const { sink, elsewhere = [], secrets = [] } = await create()
      expect(sink.generation).toMatch(/^.{0,256}$/)
      const generations = [sink, ...elsewhere].map(({ generation }) => generation)
      expect(new Set(generations).size, generations.join('\n')).toBe(generations.length)
      for (const secret of secrets) expect(sink.generation).not.toContain(secret)
    })
  })
}

/** What the suite is run in. */
type Runtime = 'workerd' | 'node'
const runtime: Runtime = navigator.userAgent === 'Cloudflare-Workers' ? 'workerd' : 'node'

/**
 * All that every sink keeps to.
 *
 * @param load imports its fixture
 * @param only where it works, if not everywhere
 */
export function sinkContract(
  name: string,
  load: () => Promise<{ create: Creating<SinkFixture> }>,
  only: Runtime = runtime,
): void {
  if (only !== runtime) return
  const create = async () => (await load()).create()
  deliveryContract(name, create)
  descriptionContract(name, create)
}
