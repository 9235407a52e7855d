import { type BatchId, limits, type Seq, type StreamId, toMessageId } from '@waybill/protocol'
import { network } from '../../packages/browser/src/edges/compose-request.ts'
import { delay } from '../../packages/browser/src/edges/delay.ts'
import { createMemoryStore } from '../../packages/browser/src/edges/memory-store.ts'
import { createSender } from '../../packages/browser/src/edges/send.ts'
import { createFlusher } from '../../packages/browser/src/flows/flushing.ts'
import { seededRandom } from '../simulation/seeded-random.ts'
import { hash } from './hash.ts'
import { parseBatchId } from './parse-batch-id.ts'

/** Many visitors at once, without browsers: each has the SDK's own flusher, and so its cuts, its decisions and its patience. */
export interface Load {
  /** Every stream, and how many events it has tracked. */
  streams: ReadonlyMap<string, number>
  /** Has so many more events tracked, by all streams alike. */
  track(events: number): void
  /** Resolves when so many events are recorded, or rejects and says what is not. */
  recorded(events: number): Promise<void>
  /** How often each status was answered; 0 is no answer. */
  answers: ReadonlyMap<number, number>
  /** Each batch that is recorded, in the order in which a collector said so. */
  batches: readonly BatchId[]
}

interface LoadOptions {
  /** The streams' ids follow from it, and what their clients leave to chance. */
  seed: number
  endpoint: string
  streams: number
  /** Of one batch. */
  batchEvents: number
  /** How many seconds the visitors' clocks count in one of ours: so many times sooner is each wait over. */
  haste: number
  /** After so many ms without any batch recorded there is no hope. */
  patience?: number
}

export function createLoad({
  seed,
  endpoint,
  streams: count,
  batchEvents,
  haste,
  patience = 30_000,
}: LoadOptions): Load {
  const began = Date.now()
  const random = seededRandom(seed)
  const now = () => Math.floor(began + (Date.now() - began) * haste)
  const answers = new Map<number, number>()
  const tracked = new Map<string, number>()
  const batches: BatchId[] = []
  const errors = new Map<string, string>()
  const waiting = new Set<() => void>()
  let recorded = 0
  let lastRecordedAt = Date.now()
  const visitors = Array.from({ length: count }, (_, index) => createVisitor(index + 1))

  function createVisitor(number: number) {
    const streamId = toStreamId(`${seed} ${number}`)
    tracked.set(streamId, 0)
    const store = createMemoryStore()
    const post = createSender(
      { endpoint, writeKey: 'wk_dev', requestTimeout: 10_000 },
      {
        ...network,
        page: () => endpoint,
        fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, origin: 'http://localhost:3000' } }),
      },
      { inFlight: 0 },
    )
    const flusher = createFlusher({
      ...{ store, now, delay, random, tab: streamId, sdk: 'load/1' },
      lock: (work) => work(),
      limits: { ...limits, batchEvents },
      async send(text, signal) {
        const answer = await post(text, signal)
        answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1)
        return answer
      },
      deferredCopy: { arm() {}, disarm() {} },
      assumedConsent: () => 'granted',
      onRecorded(batch) {
        recorded += batch.recorded
        batches.push(batch.batchId)
        lastRecordedAt = Date.now()
        errors.delete(streamId)
        for (const check of waiting) check()
      },
      onError: ({ code, detail }) => errors.set(streamId, `${code} ${detail}`),
    })
    let flushing: Promise<void> = Promise.resolve()

    async function flushAll(): Promise<void> {
      let wait = await flusher.flush()
      while (wait !== undefined) {
        await delay(wait / haste)
        wait = await flusher.flush()
      }
    }

    return function track(events: number): void {
      const from = (tracked.get(streamId) ?? 0) + 1
      tracked.set(streamId, from + events - 1)
      const stored = store.transact(async ({ put }) => {
        for (let seq = from; seq < from + events; seq += 1) put([number, seq], lineOf(streamId, seq))
      })
      flushing = Promise.all([stored.done, flushing]).then(flushAll)
    }
  }

  return {
    streams: tracked,
    answers,
    batches,
    track(events) {
      for (const track of visitors) track(events / count)
    },
    recorded: (events) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (recorded >= events) settle(resolve)
        }
        const watch = setInterval(() => {
          if (Date.now() - lastRecordedAt < patience) return
          const why = [...errors].map(([streamId, error]) => `\n${streamId}: ${error}`).join('')
          settle(() => reject(new Error(`${recorded} of ${events} events are recorded, and no more come.${why}`)))
        }, 1_000)
        const settle = (end: () => void) => {
          waiting.delete(check)
          clearInterval(watch)
          end()
        }
        lastRecordedAt = Date.now()
        waiting.add(check)
        check()
      }),
  }
}

/** The lines of a batch of such events, as they are sent and as their digest is of them. */
export function clientBytesOf(batchId: string): string {
  const { streamId, first, last } = parseBatchId(batchId)
  return Array.from({ length: last - first + 1 }, (_, index) => `${lineOf(streamId, first + index)}\n`).join('')
}

/** What is wrong with a batch of such events as a destination got it: each is to be the client's own bytes and `received`. */
export function findFaultIn(batchId: string, body: string): string | undefined {
  const { streamId, first, last } = parseBatchId(batchId)
  const lines = body.split('\n').slice(0, -1)
  if (lines.length !== last - first + 1) return `${batchId} has ${lines.length} lines`
  const spoilt = lines.findIndex((line, index) => {
    const member = ',"received":'
    const own = lineOf(streamId, first + index).slice(0, -1)
    if (!line.startsWith(own + member) || !line.endsWith('}')) return true
    return JSON.parse(line.slice(own.length + member.length, -1)).batchId !== batchId
  })
  return spoilt < 0 ? undefined : `${batchId} has seq ${first + spoilt} as ${lines[spoilt]}`
}

const toStreamId = (text: string): StreamId =>
  hash(text)
    .toString('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5') as StreamId

/** An event as the SDK stores and sends it, whose every byte follows from its stream and its number. */
const lineOf = (streamId: string, seq: number): string =>
  JSON.stringify({
    streamId,
    seq,
    messageId: toMessageId(streamId as StreamId, seq as Seq),
    type: 'track',
    event: 'Product Viewed',
    properties: {
      marker: seq,
      name: `Füllhalter №${seq % 17} “extra”`,
      price: (seq * 37) % 1000,
      tags: ['a\\b', '\u2028'],
    },
    anonymousId: `visitor-${streamId}`,
    timestamp: new Date(Date.UTC(2026, 10, 22) + seq).toISOString(),
    context: {
      page: { path: `/products/${seq % 101}`, url: `https://shop.example/products/${seq % 101}` },
      locale: 'de',
    },
    state: {
      session: { number: 1, events: seq },
      visitor: { sessions: 1, events: seq },
      registered: { plan: 'trial' },
    },
  })
