import { limits } from '@waybill/protocol'
import { describe, expect, test, vi } from 'vitest'
import { headerOf, linesOf, NOW, STREAM } from '../test/batches.ts'
import { collectorWith, present, problemOf, recordedOf } from '../test/present.ts'
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

  test('one of which other lines were rejected, as the limits are others now', async () => {
    const { a, b, again, log, receipt } = await partial()
    const strict = collectorWith({
      ...{ sinks: [a.sink, b.sink], receiptKeys: keys, signatureCache: noSignatureCache, log },
      limits: { eventBytes: 10 },
    })
    // As above: to the sink it is a fork.
    await again(receipt, strict.app)
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
