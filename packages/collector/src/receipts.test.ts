import { limits } from '@waybill/protocol'
import { describe, expect, test, vi } from 'vitest'
import { headerOf, lineOf, linesOf, NOW, STREAM } from '../test/batches.ts'
import { gzip } from '../test/gzip.ts'
import { collectorWith, present, problemOf, recordedOf, writeKey } from '../test/present.ts'
import { type RecordingSink, recordingSink } from '../test/recording-sink.ts'
import { createTimers } from '../test/timers.ts'
import type { Batch } from './core/batch.ts'
import type { SinkFault } from './core/sink.ts'
import { type BatchLog, type CollectorOptions, noSignatureCache, type ReceiptKey, type Sink } from './index.ts'

const keys: ReceiptKey[] = [{ id: 'k1', secret: 'a secret of thirty-two characters' }]
const newer: ReceiptKey = { id: 'k2', secret: 'another one of thirty-two characters' }

/** A sink that counts what it is handed, and fails when it is told to. */
function sinkOf(name: string, { required = true, refuses }: { required?: boolean; refuses?: number } = {}) {
  let handed = 0
  let fails = false
  const before = async ({ lines }: Batch): Promise<SinkFault | undefined> => {
    handed++
    if (fails) return { kind: 'transient', detail: 'full' }
    const text = lines.map((line) => new TextDecoder().decode(line)).join()
    return refuses && text.includes(`"messageId":"${STREAM}.${refuses}","type":"track"`)
      ? { kind: 'refused', seqs: [refuses] }
      : undefined
  }
  const sink: RecordingSink = recordingSink({ name, required, before })
  return {
    sink,
    get handed() {
      return handed
    },
    fail: (on: boolean) => {
      fails = on
    },
  }
}

function setUp(options: Partial<CollectorOptions> = {}) {
  const [a, b] = [sinkOf('a'), sinkOf('b')]
  const log = vi.fn<(entry: BatchLog) => void>()
  const { app } = collectorWith({
    ...{ sinks: [a.sink, b.sink], receiptKeys: keys, signatureCache: noSignatureCache, log },
    ...options,
  })
  let attempt = 0
  /** Presents the batch once more, with the receipt that the client has. */
  const again = (receipt?: string, by = app) => {
    attempt++
    return present(by, `${headerOf(1, 2, { attempt, receipt })}\n${linesOf(1, 2).join('\n')}\n`)
  }
  const receiptOf = async (response: Response) => (await problemOf(response)).receipt
  return { a, b, log, app, again, receiptOf }
}

describe('when one required sink has the batch and another has not', () => {
  test('the client hears 503 with a receipt, comes back with it, and only the other is handed the batch', async () => {
    const { a, b, again, receiptOf, log } = setUp()
    b.fail(true)
    const receipt = await receiptOf(await again())
    expect(receipt).toEqual(expect.any(String))
    const renewed = await receiptOf(await again(receipt))
    expect([a.handed, b.handed]).toEqual([1, 2])
    b.fail(false)
    await recordedOf(await again(renewed))
    expect([a.handed, b.handed]).toEqual([1, 3])
    expect(log.mock.lastCall?.[0].sinks).toEqual([
      { name: 'a', taken: true, skipped: true },
      { name: 'b', taken: true, ms: 0 },
    ])
  })

  test('and no keys are configured, there is no receipt: the one has it again, and nothing is lost', async () => {
    const { a, b, again, receiptOf } = setUp({ receiptKeys: [] })
    b.fail(true)
    expect(await receiptOf(await again())).toBeUndefined()
    b.fail(false)
    await recordedOf(await again())
    expect([a.handed, b.handed]).toEqual([2, 2])
  })

  test('a best-effort sink that has it already is not handed it again either', async () => {
    const extra = sinkOf('extra', { required: false })
    const [a, b] = [sinkOf('a'), sinkOf('b')]
    b.fail(true)
    const { again, receiptOf } = setUp({ sinks: [a.sink, b.sink, extra.sink] })
    const receipt = await receiptOf(await again())
    b.fail(false)
    await recordedOf(await again(receipt))
    expect([a.handed, b.handed, extra.handed]).toEqual([1, 2, 1])
  })

  test('what the one has refused does not come back: the repeat hears what the first would have heard', async () => {
    const [refusing, b] = [sinkOf('refusing', { refuses: 2 }), sinkOf('b')]
    b.fail(true)
    const { again, receiptOf, log } = setUp({ sinks: [refusing.sink, b.sink] })
    const receipt = await receiptOf(await again())
    expect(log.mock.lastCall?.[0].sinks[0]).toMatchObject({ name: 'refusing', taken: true, refused: [2] })
    b.fail(false)
    expect(await recordedOf(await again(receipt))).toMatchObject({ recorded: 2, rejected: [] })
    expect(refusing.sink.events().map(({ type }) => type)).toEqual(['track', 'rejected'])
    expect(b.sink.events().map(({ type }) => type)).toEqual(['track', 'track'])
    // The event, and then the tombstone: no third time.
    expect(refusing.handed).toBe(2)
  })
})

test('when none has the batch there is no receipt', async () => {
  const { a, b, again, receiptOf } = setUp()
  a.fail(true)
  b.fail(true)
  expect(await receiptOf(await again())).toBeUndefined()
})

test('a 202 brings a receipt of what the sinks have by then', async () => {
  const timers = createTimers()
  const a = sinkOf('a')
  let begin = () => {}
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const never: Sink = {
    ...recordingSink({ name: 'never' }),
    deliver() {
      begin()
      return new Promise(() => {})
    },
  }
  const options = { sinks: [a.sink, never], receiptKeys: keys, signatureCache: noSignatureCache }
  const { app } = collectorWith(options, { after: timers.after })
  const { again } = setUp()
  const answer = again(undefined, app)
  await begun
  await new Promise((resolve) => setTimeout(resolve))
  await timers.fire(3_000)
  const response = await answer
  expect(response.status).toBe(202)
  const { receipt } = await response.json()
  const next = collectorWith({ ...options, sinks: [a.sink, recordingSink({ name: 'never' })] })
  await recordedOf(await again(receipt, next.app))
  expect(a.handed).toBe(1)
})

describe('a receipt that is not good is ignored: the batch is delivered to all, and the log says why', () => {
  async function partial() {
    const set = setUp()
    set.b.fail(true)
    const receipt = (await set.receiptOf(await set.again())) ?? ''
    set.b.fail(false)
    return { ...set, receipt }
  }

  test.each<[what: string, fault: string, change: (receipt: string) => string]>([
    ['was tampered with', 'mismatch', (receipt) => receipt.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))],
    ['is no receipt', 'malformed', () => 'r1'],
    ['is empty', 'malformed', () => ''],
    ['names another key', 'unknown_key', (receipt) => receipt.replace('.k1.', '.k9.')],
  ])('one that %s', async (_, fault, change) => {
    const { a, again, log, receipt } = await partial()
    await recordedOf(await again(change(receipt)))
    expect(a.handed).toBe(2)
    expect(log.mock.lastCall?.[0].receipt).toBe(fault)
  })

  test('one that is of other bytes under the same id', async () => {
    const { a, app, log, receipt } = await partial()
    const forked = `${headerOf(1, 2, { attempt: 2, receipt })}\n${linesOf(1, 2).join('\n').replace('42', '43')}\n`
    // The recording sink keeps no fork; what counts is that it was asked.
    await present(app, forked)
    expect(a.handed).toBe(2)
    await vi.waitFor(() => expect(log.mock.lastCall?.[0].receipt).toBe('mismatch'))
  })

  test('one that has expired', async () => {
    const { a, b, again, log, receipt } = await partial()
    const later = collectorWith({
      ...{ sinks: [a.sink, b.sink], receiptKeys: keys, signatureCache: noSignatureCache, log },
      now: () => NOW + 8 * 24 * 3_600_000,
    })
    await recordedOf(await again(receipt, later.app))
    expect(a.handed).toBe(2)
    expect(log.mock.lastCall?.[0].receipt).toBe('expired')
  })

  test('a good one leaves nothing in the log', async () => {
    const { again, log, receipt } = await partial()
    await recordedOf(await again(receipt))
    expect(log.mock.lastCall?.[0]).not.toHaveProperty('receipt')
  })
})

describe('when limits are lowered in the middle of a batch, one with a good receipt goes on as it began', () => {
  const lines = [1, 2, 3, 4].map((seq) =>
    lineOf(seq, { properties: { text: 'x'.repeat(seq === 2 ? 16_300 : 15_000) } }),
  )
  const before = { propertiesBytes: 16_000 }
  const bodyOf = (attempt: number, receipt?: string) => `${headerOf(1, 4, { attempt, receipt })}\n${lines.join('\n')}\n`

  /** The batch that `a` has and `b` has not, of which the second event was rejected, at a collector with other limits. */
  async function lowered(options: Partial<CollectorOptions>) {
    const [a, b] = [sinkOf('a'), sinkOf('b')]
    const log = vi.fn<(entry: BatchLog) => void>()
    const common = { sinks: [a.sink, b.sink], receiptKeys: keys, signatureCache: noSignatureCache, log }
    b.fail(true)
    const first = await present(collectorWith({ ...common, limits: before }).app, bodyOf(1))
    const receipt = (await problemOf(first)).receipt ?? ''
    b.fail(false)
    return { a, b, log, receipt, app: collectorWith({ ...common, ...options }).app }
  }

  const small = { headerBytes: 4_096, batchBytes: 50_000, bodyBytes: 50_000 }
  const refusals: [string, Partial<CollectorOptions>][] = [
    ['body_too_large', { limits: { headerBytes: 4_096, bodyBytes: 50_000 } }],
    ['batch_too_large', { limits: { headerBytes: 4_096, batchBytes: 50_000 } }],
    ['too_many_events', { limits: { batchEvents: 3 } }],
    ['too_many_events', { keys: [{ ...writeKey, limits: { batchEvents: 1 } }] }],
  ]
  test.each(refusals)('who comes without one hears %s, and who has one 200', async (code, options) => {
    const { a, b, app, log, receipt } = await lowered(options)
    expect(await problemOf(await present(app, bodyOf(2)))).toMatchObject({ code, batchId: `${STREAM}:1-4` })
    expect(await problemOf(await present(app, bodyOf(2, `${receipt.slice(0, -1)}.`)))).toMatchObject({ code })
    expect(log.mock.lastCall?.[0]).toMatchObject({ status: 413, receipt: 'malformed' })
    expect([a.handed, b.handed]).toEqual([1, 1])
    const answer = await recordedOf(await present(app, bodyOf(2, receipt)))
    expect(answer).toMatchObject({ recorded: 3, rejected: [{ seq: 2, code: 'properties_too_large' }] })
    expect([a.handed, b.handed]).toEqual([1, 2])
  })

  test('compressed as well', async () => {
    const { a, b, app, receipt } = await lowered({ limits: { ...small, batchEvents: 1 } })
    await recordedOf(await present(app, await gzip(bodyOf(2, receipt)), { query: { encoding: 'gzip' } }))
    expect([a.handed, b.handed]).toEqual([1, 2])
  })

  test.each([
    ['lower', { ...small, batchEvents: 1, eventBytes: 10, propertiesBytes: 10, stateBytes: 10, depth: 1 }],
    ['higher', {}],
  ])('the same events are rejected of it, though limits of events are %s now', async (_, limits) => {
    const { a, b, app, receipt, log } = await lowered({ limits })
    expect(await recordedOf(await present(app, bodyOf(2, receipt)))).toMatchObject({
      rejected: [{ seq: 2, code: 'properties_too_large' }],
    })
    expect(log.mock.lastCall?.[0]).not.toHaveProperty('receipt')
    expect(b.sink.events()).toEqual(a.sink.events())
    expect(b.sink.events().map(({ type }) => type)).toEqual(['track', 'rejected', 'track', 'track'])
  })

  test('and when the other fails again, too, its next receipt is as good', async () => {
    const { a, b, app, receipt } = await lowered({ limits: { batchEvents: 1 } })
    b.fail(true)
    const renewed = (await problemOf(await present(app, bodyOf(2, receipt)))).receipt
    b.fail(false)
    await recordedOf(await present(app, bodyOf(3, renewed)))
    expect([a.handed, b.handed]).toEqual([1, 3])
  })

  test('though it has expired, or its sinks have moved: then all are handed the batch, whole', async () => {
    for (const options of [{ now: () => NOW + 8 * 24 * 3_600_000 }, { sinks: [sinkOf('c').sink] }]) {
      const { app, receipt } = await lowered({ limits: { batchEvents: 1 }, ...options })
      await recordedOf(await present(app, bodyOf(2, receipt)))
    }
  })

  test('it opens no more than the protocol’s limits, and nothing to other bytes, to another batch or without its key', async () => {
    const { a, b, app, log, receipt } = await lowered({ limits: { batchEvents: 1 } })
    const refused = async (body: string, fault: string) => {
      expect((await present(app, body)).status).toBe(413)
      expect(log.mock.lastCall?.[0].receipt).toBe(fault)
    }
    await refused(bodyOf(2, receipt).replace('xx', 'xy'), 'mismatch')
    await refused(`${headerOf(1, 3, { receipt })}\n${lines.slice(0, 3).join('\n')}\n`, 'mismatch')
    await refused(bodyOf(2, receipt.replace('.k1.', '.k0.')), 'unknown_key')
    const large = `${bodyOf(2, receipt)}${'x'.repeat(limits.bodyBytes)}`
    expect(await problemOf(await present(app, large))).toMatchObject({ code: 'body_too_large' })
    expect([a.handed, b.handed]).toEqual([1, 1])
  })
})

test('keys are rotated in the middle of a batch: the old one is taken while it is there', async () => {
  const { a, b, again, receiptOf } = setUp()
  b.fail(true)
  const receipt = await receiptOf(await again())
  const rotated = collectorWith({
    ...{ sinks: [a.sink, b.sink], receiptKeys: [newer, ...keys], signatureCache: noSignatureCache },
  })
  const renewed = await receiptOf(await again(receipt, rotated.app))
  const after = collectorWith({
    ...{ sinks: [a.sink, b.sink], receiptKeys: [newer], signatureCache: noSignatureCache },
  })
  b.fail(false)
  await recordedOf(await again(renewed, after.app))
  expect([a.handed, b.handed]).toEqual([1, 3])
})

test('a sink that is another destination now is handed the batch, and the log has no complaint', async () => {
  const { a, b, again, receiptOf, log } = setUp()
  b.fail(true)
  const receipt = await receiptOf(await again())
  const moved = sinkOf('a')
  const sinks = [{ ...moved.sink, generation: '2' }, b.sink]
  const { app } = collectorWith({ sinks, receiptKeys: keys, signatureCache: noSignatureCache, log })
  b.fail(false)
  await recordedOf(await again(receipt, app))
  expect([a.handed, moved.handed, b.handed]).toEqual([1, 1, 2])
  expect(log.mock.lastCall?.[0]).not.toHaveProperty('receipt')
})

test('with 20 sinks the header has room for it many times over', async () => {
  const bad = sinkOf('bad')
  bad.fail(true)
  const sinks = [...Array.from({ length: 20 }, (_, index) => sinkOf(`sink-${index}`).sink), bad.sink]
  const { again, receiptOf } = setUp({ sinks })
  const receipt = (await receiptOf(await again())) ?? ''
  expect(receipt.length).toBeLessThan(limits.headerBytes / 16)
})
