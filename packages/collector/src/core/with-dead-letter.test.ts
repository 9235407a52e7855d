import { describe, expect, test } from 'vitest'
import { batchOf, deliverable, lineOf, STREAM } from '../../test/batches.ts'
import { collectorWith, present } from '../../test/present.ts'
import { type RecordingSink, recordingSink } from '../../test/recording-sink.ts'
import type { Batch } from './batch.ts'
import type { Sink } from './sink.ts'
import { withDeadLetter } from './with-dead-letter.ts'

const { signal } = new AbortController()
const textsOf = (batch: Batch | undefined) => batch?.lines.map((line) => new TextDecoder().decode(line))
const seqsOf = (sink: RecordingSink) => sink.events().map(({ seq, type }) => [seq, type])

/** A sink that takes no batch with these events in it. */
function refusing(seqs: readonly number[], { name = 'refusing', detail = 'no total' } = {}): RecordingSink {
  return recordingSink({
    name,
    async before({ lines }) {
      const events = lines.map((line) => JSON.parse(new TextDecoder().decode(line)))
      const refused = events.filter(({ type, seq }) => type === 'track' && seqs.includes(seq)).map(({ seq }) => seq)
      return refused.length > 0 ? { kind: 'refused', seqs: refused, detail } : undefined
    },
  })
}

describe('an event that a sink refuses', () => {
  test('goes to the dead-letter sink as it was, with the sink and the reason, and a tombstone takes its place', async () => {
    const [sink, deadLetter] = [refusing([2]), recordingSink({ name: 'dead' })]
    const { app } = collectorWith({ sinks: [sink], deadLetter })
    expect((await present(app, batchOf(1, 3))).status).toBe(200)
    expect(seqsOf(sink)).toEqual([
      [1, 'track'],
      [2, 'rejected'],
      [3, 'track'],
    ])
    const [letter, ...others] = textsOf(deadLetter.batches.get(`${STREAM}:1-3`)) ?? []
    expect(others).toEqual([])
    expect(letter).toMatch(lineOf(2).slice(0, -1))
    expect(JSON.parse(letter ?? '').received).toMatchObject({
      batchId: `${STREAM}:1-3`,
      refusedBy: { sink: 'refusing', detail: 'no total' },
    })
  })

  test('stays with the client, in its batch, until the dead-letter sink has it', async () => {
    let away = true
    const deadLetter = recordingSink({
      name: 'dead',
      before: async () => (away ? { kind: 'transient', detail: 'away', retryAfter: 60 } : undefined),
    })
    const sink = refusing([2])
    const { app } = collectorWith({ sinks: [sink], deadLetter })
    const response = await present(app, batchOf(1, 3))
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ retryAfter: 60 })
    expect(sink.batches.size).toBe(0)
    away = false
    expect((await present(app, batchOf(1, 3))).status).toBe(200)
    expect(seqsOf(deadLetter)).toEqual([[2, 'track']])
  })

  test('and that the dead-letter sink refuses as well, is a tombstone there, too', async () => {
    const [sink, deadLetter] = [refusing([1, 3]), refusing([3], { name: 'dead' })]
    const { app } = collectorWith({ sinks: [sink], deadLetter })
    expect((await present(app, batchOf(1, 3))).status).toBe(200)
    expect(seqsOf(deadLetter)).toEqual([
      [1, 'track'],
      [3, 'rejected'],
    ])
  })
})

test('what two sinks refuse of one batch are two letters, told from each other and from their repeats', async () => {
  const digests = new Map<string, string[]>()
  const deadLetter = recordingSink({ name: 'dead' })
  const keeping: Sink = {
    ...deadLetter,
    async deliver({ digest, lines }) {
      const { refusedBy } = JSON.parse(new TextDecoder().decode(lines[0])).received
      digests.set(refusedBy.sink, [...(digests.get(refusedBy.sink) ?? []), digest])
      return { ok: true, value: undefined }
    },
  }
  const batch = await deliverable(1, 3)
  const [a, b] = [refusing([2], { name: 'a' }), refusing([2], { name: 'b' })]
  for (const sink of [a, b, a]) await withDeadLetter(sink, keeping).deliver(batch, signal)
  const [first, again] = digests.get('a') ?? []
  expect(first).toMatch(/^[0-9a-f]{64}$/)
  expect(again).toBe(first)
  expect(digests.get('b')).not.toContain(first)
  expect(first).not.toBe(batch.digest)
})

test('of what a sink refuses, only the events of the batch are letters', async () => {
  const deadLetter = recordingSink({ name: 'dead' })
  let asked = 0
  const confused = recordingSink({
    before: async () => (++asked === 1 ? { kind: 'refused', seqs: [9, 1] } : undefined),
  })
  const { app } = collectorWith({ sinks: [confused], deadLetter })
  expect((await present(app, batchOf(1, 2))).status).toBe(200)
  expect(seqsOf(deadLetter)).toEqual([[1, 'track']])
})

test('a sink that refuses what is no event of the batch sends no letter', async () => {
  const deadLetter = recordingSink({ name: 'dead' })
  const confused = recordingSink({ before: async () => ({ kind: 'refused', seqs: [9] }) })
  const { app } = collectorWith({ sinks: [confused], deadLetter })
  expect((await present(app, batchOf(1, 2))).status).toBe(503)
  expect(deadLetter.batches.size).toBe(0)
})

test('a sink stays what it was beside', async () => {
  class Destination implements Sink {
    readonly #open = { ok: true, value: undefined } as const
    readonly name = 'destination'
    readonly guarantee = 'durable'
    readonly required = true
    readonly generation = '1'
    readonly idempotency = { key: 'none', window: 'none' }
    async deliver() {
      return this.#open
    }
    async ready() {
      return this.#open
    }
  }
  const sink = withDeadLetter(new Destination(), recordingSink())
  expect(sink).toMatchObject({ name: 'destination', guarantee: 'durable', required: true, generation: '1' })
  expect(await sink.ready?.(signal)).toEqual({ ok: true, value: undefined })
  expect(await sink.deliver(await deliverable(1, 1), signal)).toEqual({ ok: true, value: undefined })
})
