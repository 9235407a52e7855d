import { expect, test } from 'vitest'
import { deliverable } from '../test/batches.ts'
import { recordingSink } from '../test/recording-sink.ts'
import { ConfigurationError } from './core/configuration-error.ts'
import { toQueueMessages } from './core/queue-message.ts'
import type { Sink, SinkFault } from './core/sink.ts'
import { toTrace } from './core/trace-context.ts'
import { createQueueConsumer, type QueueConsumerOptions, type QueueLog } from './queue-consumer.ts'

/** A message that says what became of it. */
async function queued(first: number, attempts = 1) {
  const [body] = await toQueueMessages(await deliverable(first, first))
  const settled: ('acked' | { delaySeconds?: number } | undefined)[] = []
  return {
    settled,
    message: {
      id: `m${first}`,
      body: new TextDecoder().decode(body) as unknown,
      attempts,
      ack: () => settled.push('acked'),
      retry: (options?: { delaySeconds?: number }) => settled.push(options),
    },
  }
}

const failing = (fault: SinkFault) => recordingSink({ before: async () => fault })

/** What becomes of a message at this attempt. */
async function consume(attempts: number, sinks: QueueConsumerOptions['queues'][string], options = {}) {
  const { settled, message } = await queued(1, attempts)
  await createQueueConsumer({ queues: { q: sinks }, ...options })({ queue: 'q', messages: [message] })
  return settled
}

const transient = (retryAfter?: number): SinkFault => ({
  kind: 'transient',
  detail: 'away',
  ...(retryAfter === undefined ? {} : { retryAfter }),
})

test('a message that all required sinks have is acknowledged, whatever becomes of it at the others', async () => {
  const other = recordingSink({ name: 'other', required: false, before: async () => transient() })
  expect(await consume(1, [recordingSink(), other])).toEqual(['acked'])
})

test.each([
  [1, 10],
  [2, 20],
  [8, 1280],
  [9, 1800],
  [100, 1800],
])('a message that a required sink does not have after %i attempts comes again in %i s', async (attempts, delay) => {
  const sinks = [recordingSink({ name: 'one' }), failing(transient())]
  expect(await consume(attempts, sinks)).toEqual([{ delaySeconds: delay }])
})

test('it comes no sooner than each of its sinks wants it, within what a queue can delay', async () => {
  const sinks = (retryAfter: number) => [failing(transient(retryAfter)), { ...failing(transient(1)), name: 'other' }]
  expect(await consume(1, sinks(77.5))).toEqual([{ delaySeconds: 78 }])
  expect(await consume(3, sinks(2))).toEqual([{ delaySeconds: 40 }])
  expect(await consume(1, sinks(1_000_000))).toEqual([{ delaySeconds: 43_200 }])
})

test('a sink that throws or hangs is a sink without the message', async () => {
  const throws = recordingSink()
  throws.deliver = () => {
    throw new Error('broken')
  }
  const hangs = recordingSink({ before: () => new Promise(() => {}) })
  expect(await consume(1, [throws])).toEqual([{ delaySeconds: 10 }])
  expect(await consume(1, [hangs], { sinkDeadline: 1 })).toEqual([{ delaySeconds: 10 }])
})

test.each([Number.NaN, Number.POSITIVE_INFINITY, -5, '7' as unknown as number])(
  'a sink that wants a message back in %s seconds has said nothing',
  async (retryAfter) => {
    expect(await consume(1, [failing(transient(retryAfter))])).toEqual([{ delaySeconds: 10 }])
  },
)

/** A sink that has a message when a test says so, and is not waited for. */
function slowSink() {
  let open = () => {}
  const opened = new Promise<undefined>((resolve) => {
    open = () => resolve(undefined)
  })
  return { sink: recordingSink({ name: 'slow', required: false, before: () => opened }), open }
}

test('a best-effort sink that hangs holds no message up, nor those behind it, and the log has what it said in the end', async () => {
  const slow = slowSink()
  const work: Promise<unknown>[] = []
  const entries: QueueLog[] = []
  const messages = await Promise.all(Array.from({ length: 20 }, (_, index) => queued(index + 1)))
  const consumer = createQueueConsumer({
    queues: { q: [recordingSink(), slow.sink] },
    log: (entry) => entries.push(entry),
  })
  const context = { waitUntil: (each: Promise<unknown>) => void work.push(each) }
  await consumer({ queue: 'q', messages: messages.map(({ message }) => message) }, {}, context)
  expect(messages.map(({ settled }) => settled)).toEqual(messages.map(() => ['acked']))
  expect(entries).toEqual([])
  slow.open()
  await Promise.all(work)
  expect(entries).toHaveLength(20)
  for (const { acked, sinks } of entries) {
    expect(acked).toBe(true)
    expect(sinks.map(({ name, taken }) => [name, taken])).toEqual([
      ['recording', true],
      ['slow', true],
    ])
  }
})

test('a best-effort sink gets a few messages at a time, so that no deadline runs for what waits for its turn', async () => {
  let [underWay, most] = [0, 0]
  const before = async () => {
    most = Math.max(most, ++underWay)
    await new Promise((resolve) => setTimeout(resolve))
    underWay--
    return undefined
  }
  const sink = recordingSink({ name: 'distant', required: false, before })
  const messages = await Promise.all(Array.from({ length: 20 }, (_, index) => queued(index + 1)))
  const consumer = createQueueConsumer({ queues: { q: [recordingSink(), sink] } })
  await consumer({ queue: 'q', messages: messages.map(({ message }) => message) })
  expect([most, sink.batches.size]).toEqual([6, 20])
})

test('without a context the handler goes on until the best-effort sinks have ended, as nothing else keeps them alive', async () => {
  const slow = slowSink()
  const entries: QueueLog[] = []
  const { message, settled } = await queued(1)
  const consumer = createQueueConsumer({
    queues: { q: [recordingSink(), slow.sink] },
    log: (entry) => entries.push(entry),
  })
  const consumed = consumer({ queue: 'q', messages: [message] })
  await expect.poll(() => settled).toEqual(['acked'])
  slow.open()
  await consumed
  expect(entries).toMatchObject([{ sinks: [{ name: 'recording' }, { name: 'slow', taken: true }] }])
})

test('events that a sink refuses become dead letters and tombstones, and the message is done', async () => {
  const sink = recordingSink({
    before: async ({ lines }) =>
      new TextDecoder().decode(lines[0]).includes('refused_by_sink') ? undefined : { kind: 'refused', seqs: [1] },
  })
  const deadLetter = recordingSink({ name: 'dead' })
  expect(await consume(1, [sink], { deadLetter })).toEqual(['acked'])
  expect(sink.events()).toMatchObject([{ seq: 1, type: 'rejected', reason: 'refused_by_sink' }])
  expect(deadLetter.events()).toMatchObject([{ seq: 1, type: 'track', received: { refusedBy: { sink: 'recording' } } }])
})

test('a message that cannot be read comes again within a minute each time, and harms no other', async () => {
  const sink = recordingSink()
  const entries: QueueLog[] = []
  const consumer = createQueueConsumer({ queues: { q: [sink] }, log: (entry) => entries.push(entry), now: () => 0 })
  const [bad, good, late] = [await queued(1), await queued(2), await queued(3, 50)]
  for (const { message } of [bad, late]) message.body = { not: 'ours' }
  await consumer({ queue: 'q', messages: [bad.message, good.message, late.message] })
  expect([bad.settled, good.settled, late.settled]).toEqual([[{ delaySeconds: 10 }], ['acked'], [{ delaySeconds: 60 }]])
  const [at, queue, detail] = ['1970-01-01T00:00:00.000Z', 'q', expect.stringContaining('no message of ours')]
  const traceId = toTrace((await deliverable(2, 2)).digest).traceId
  const [batchId, sinks] = [expect.stringMatching(/:2-2$/), [{ name: 'recording', taken: true, ms: 0 }]]
  expect(entries.toSorted((one, other) => one.messageId.localeCompare(other.messageId))).toEqual([
    { at, queue, messageId: 'm1', attempts: 1, acked: false, retryAfter: 10, detail, sinks: [] },
    { at, queue, messageId: 'm2', attempts: 1, acked: true, batchId, keyId: 'site', traceId, sinks },
    { at, queue, messageId: 'm3', attempts: 50, acked: false, retryAfter: 60, detail, sinks: [] },
  ])
})

test('the trace of the request that brought a batch goes on to the sinks behind the queue, and into the log', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const trace = { traceId, traceparent: `00-${traceId}-b7ad6b7169203331-01`, tracestate: 'vendor=1' }
  const [body] = await toQueueMessages({ ...(await deliverable(1, 1)), trace })
  const { message } = await queued(1)
  const sink = recordingSink()
  const entries: QueueLog[] = []
  const consumer = createQueueConsumer({ queues: { q: [sink] }, log: (entry) => entries.push(entry) })
  await consumer({ queue: 'q', messages: [{ ...message, body: new TextDecoder().decode(body) }] })
  expect([...sink.batches.values()].map(({ trace }) => trace)).toEqual([trace])
  expect(entries).toMatchObject([{ traceId }])
})

test('the messages of a queue that was forgotten here wait for the release that names it', async () => {
  const entries: QueueLog[] = []
  const { message, settled } = await queued(1, 50)
  const consumer = createQueueConsumer({ queues: { q: [recordingSink()] }, log: (entry) => entries.push(entry) })
  await consumer({ queue: 'constructor', messages: [message] })
  expect(settled).toEqual([{ delaySeconds: 1800 }])
  expect(entries).toMatchObject([{ acked: false, detail: "queues: add 'constructor', with its sinks" }])
})

test('a message is not taken for delivered because something else failed', async () => {
  const backoff = () => {
    throw new Error('no number')
  }
  expect(await consume(1, [failing(transient())], { backoff })).toEqual([undefined])
})

test('a log that throws changes nothing', async () => {
  const log = () => {
    throw new Error('full')
  }
  expect(await consume(1, [recordingSink()], { log })).toEqual(['acked'])
})

test('six messages are delivered at a time, as a Worker has no more connections', async () => {
  let now = 0
  let most = 0
  const sink = recordingSink({
    before: async () => {
      most = Math.max(most, ++now)
      await new Promise((resolve) => setTimeout(resolve))
      now--
      return undefined
    },
  })
  const messages = await Promise.all(Array.from({ length: 20 }, (_, index) => queued(index + 1)))
  await createQueueConsumer({ queues: { q: [sink] } })({ queue: 'q', messages: messages.map(({ message }) => message) })
  expect(most).toBe(6)
  expect(messages.every(({ settled }) => settled[0] === 'acked')).toBe(true)
})

const bestEffort = (name: string): Sink => ({ ...recordingSink({ name }), guarantee: 'best-effort' })

test.each<[what: string, options: QueueConsumerOptions, message: string]>([
  ['no queue', { queues: {} }, 'name at least one queue'],
  ['queues that are not set', {} as QueueConsumerOptions, 'name at least one queue'],
  ['no sink', { queues: { q: [] } }, "'q': sinks: add at least one that is required"],
  ['no required sink', { queues: { q: [recordingSink({ required: false })] } }, 'add at least one that is required'],
  ['a required sink that promises nothing', { queues: { q: [bestEffort('b')] } }, "'b' only promises best effort"],
  ['two sinks of one name', { queues: { q: [recordingSink(), recordingSink()] } }, "two are called 'recording'"],
  [
    'a sink at fault in the second queue',
    { queues: { q: [recordingSink()], r: [bestEffort('b')] } },
    "queues: 'r': sinks: 'b' only promises best effort",
  ],
  [
    'dead letters with a sink that promises nothing',
    { queues: { q: [recordingSink()] }, deadLetter: bestEffort('dead') },
    "deadLetter: 'dead' only promises best effort",
  ],
  [
    'dead letters with a sink that gave them up',
    { queues: { q: [recordingSink()] }, deadLetter: recordingSink() },
    "deadLetter: a sink is called 'recording', too",
  ],
  [
    'an option that there is not',
    { queues: { q: [recordingSink()] }, queue: {} } as QueueConsumerOptions,
    "createQueueConsumer: there is no setting 'queue'",
  ],
  ['no time for a sink', { queues: { q: [recordingSink()] }, sinkDeadline: 0 }, 'sinkDeadline: use whole milliseconds'],
  ['a deadline of NaN', { queues: { q: [recordingSink()] }, sinkDeadline: Number.NaN }, 'sinkDeadline: use whole'],
])('what loses messages is refused: %s', (_, options, message) => {
  expect(() => createQueueConsumer(options)).toThrow(ConfigurationError)
  expect(() => createQueueConsumer(options)).toThrow(message)
})
