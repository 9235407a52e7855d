import { describe, expect, test } from 'vitest'
import type { Batch } from '../src/core/batch.ts'
import type { Sink } from '../src/core/sink.ts'
import { deliverable } from './batches.ts'

/** A destination that a test can look into and break. */
export interface Destination {
  /** How it takes a batch. */
  mode: 'works' | 'fails' | 'hangs'
  /** The lines it holds for a batch, each presentation that it did not recognise as a repeat on its own. */
  held(batch: Batch): Promise<string[][]>
}

/** What every sink keeps to. `create` makes one and the destination behind it, afresh for each test. */
export function sinkContract(name: string, create: () => { sink: Sink; destination: Destination }): void {
  const deliver = (sink: Sink, batch: Batch, signal = new AbortController().signal) => sink.deliver(batch, signal)
  const textOf = (batch: Batch) => batch.lines.map((line) => new TextDecoder().decode(line))

  describe(`${name} keeps the contract of sinks`, () => {
    test('it takes a batch, every line byte for byte and in order', async () => {
      const { sink, destination } = create()
      const batch = await deliverable(1, 3)
      expect(await deliver(sink, batch)).toEqual({ ok: true, value: undefined })
      expect(await destination.held(batch)).toEqual([textOf(batch)])
    })

    test('a repeat is held once, under the id of the first', async () => {
      const { sink, destination } = create()
      const batch = await deliverable(11, 12)
      expect((await deliver(sink, batch)).ok).toBe(true)
      expect((await deliver(sink, batch)).ok).toBe(true)
      expect(await destination.held(batch)).toEqual([textOf(batch)])
    })

    test('a destination that fails is a transient fault, and the batch can be presented again', async () => {
      const { sink, destination } = create()
      const batch = await deliverable(21, 22)
      destination.mode = 'fails'
      expect(await deliver(sink, batch)).toMatchObject({
        ok: false,
        fault: { kind: 'transient', detail: expect.any(String) },
      })
      destination.mode = 'works'
      expect((await deliver(sink, batch)).ok).toBe(true)
      expect(await destination.held(batch)).toEqual([textOf(batch)])
    })

    test('a destination that hangs is left when the signal fires', async () => {
      const { sink, destination } = create()
      destination.mode = 'hangs'
      const controller = new AbortController()
      const delivery = deliver(sink, await deliverable(31, 31), controller.signal)
      controller.abort(new Error('enough'))
      expect(await delivery).toMatchObject({ ok: false, fault: { kind: 'transient', detail: 'Error: enough' } })
    })

    test('a signal that has fired already is heeded', async () => {
      const { sink, destination } = create()
      destination.mode = 'hangs'
      expect((await deliver(sink, await deliverable(41, 41), AbortSignal.abort())).ok).toBe(false)
    })
  })
}
