import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { limits, type Seq, type StreamId, toBatchId } from '@waybill/protocol'
import { standardAccumulators } from '../../../packages/browser/src/core/accumulators/standard.ts'
import { composeBatch } from '../../../packages/browser/src/core/batch.ts'
import type { EventOperation } from '../../../packages/browser/src/core/operation.ts'
import { emptyDelivery } from '../../../packages/browser/src/core/records.ts'
import { stamp } from '../../../packages/browser/src/core/stamp.ts'
import { toEventOperation } from '../../../packages/browser/src/core/to-operation.ts'
import { createMint, T0 } from '../../../packages/browser/test/operations.ts'

/** One batch as it travels, and what tells whether it arrived. */
interface MadeBatch {
  body: Buffer
  stream: number
  /** Of its lines, in hex: what the collector is to find as well. */
  digest: string
}

/** Batches of streams of their own, with the same number of events. */
export interface Pool {
  batches: readonly MadeBatch[]
  /** Stream numbers are from here on, without gaps. */
  firstStream: number
  events: number
  encoding: Encoding
  /** Of one batch: of its lines, with its header before compression, and as it travels; means. */
  lineBytes: number
  plainBytes: number
  sentBytes: number
}

export type Encoding = 'gzip' | 'plain'

/** Stands for the stream in the lines that are stamped once. As long as every stream's id. */
const PATTERN = '0192d0c0-ffff-7000-8000-ffffffffffff'
const PREFIX = '0192d0c0-0000-7000-8000-'

const toStreamId = (stream: number): StreamId => `${PREFIX}${String(stream).padStart(12, '0')}` as StreamId

/** The number that {@link toStreamId} has put into the id, which begins at this place of a body. */
export const readStream = (body: Buffer, at: number): number =>
  Number(body.toString('latin1', at + PREFIX.length, at + 36))

/**
 * The events of a visit to a shop as the SDK writes them, with the state that it folds by default: the first event is as the
 * largest batch has it as well.
 */
function stampLines(): string[] {
  const boot = '0192d0c0-aaaa-7000-8000-000000000001'
  const operations = Array.from({ length: limits.batchEvents }, (_, index) => toOperation(index, boot))
  const mint = createMint(() => T0)
  const environment = { now: T0 + limits.batchEvents * 1_500, accumulators: standardAccumulators({}), refused: 0, mint }
  const { lines } = stamp(undefined, emptyDelivery, [{ operations }], environment)
  const streamId = JSON.parse(lines[0]?.text ?? '{}').streamId
  return lines.map(({ text }) => text.replaceAll(streamId, PATTERN))
}

function toOperation(index: number, boot: string): EventOperation {
  const product = `P-${(index * 37) % 977}`
  const path = `/p/${(index * 37) % 977}`
  const page = index % 5 === 0
  const name = page ? 'Product' : 'Product Viewed'
  // So much that 500 of them fit into one batch.
  const properties = page ? {} : { product, price: (index % 90) + 0.5 }
  const operation = toEventOperation(
    name,
    page ? { type: 'page', name, properties } : { type: 'track', event: name, properties },
    T0 + index * 1_500,
    {
      monotonic: { boot, ms: index * 1_500.5 },
      context: {
        page: { url: `https://www.example.com${path}`, path, search: '', title: `Füller ${product}`, referrer: '' },
        locale: 'de-DE',
        timezone: 'Europe/Berlin',
        library: { name: '@waybill/browser', version: '0.1.0' },
      },
    },
  )
  if (typeof operation === 'string') throw new Error(operation)
  return operation
}

/** Makes batches that no collector has seen: each is of a stream of its own. */
export function createBatchMaker(): (count: number, events: number, encoding: Encoding, level?: number) => Pool {
  const lines = stampLines()
  let streams = 0
  return (count, events, encoding, level = 6) => {
    const firstStream = streams + 1
    const own = lines.slice(0, events).join('\n')
    let [lineBytes, plainBytes, sentBytes] = [0, 0, 0]
    const batches = Array.from({ length: count }, () => {
      const stream = ++streams
      const streamId = toStreamId(stream)
      const text = toText(streamId, own.replaceAll(PATTERN, streamId), events)
      const plain = Buffer.from(text)
      const body = encoding === 'gzip' ? gzipSync(plain, { level }) : plain
      const lines = plain.subarray(plain.indexOf(0x0a) + 1)
      lineBytes += lines.length
      plainBytes += plain.length
      sentBytes += body.length
      return { body, stream, digest: createHash('sha256').update(lines).digest('hex') }
    })
    const bytes = { lineBytes: lineBytes / count, plainBytes: plainBytes / count, sentBytes: sentBytes / count }
    return { batches, firstStream, events, encoding, ...bytes }
  }
}

function toText(streamId: StreamId, lines: string, events: number): string {
  const [first, last] = [1 as Seq, events as Seq]
  const now = T0 + events * 1_500
  const cut = {
    ...{ number: 1, batchId: toBatchId(streamId, first, last), streamId, first, last, attempt: 1 },
    cutAt: new Date(now).toISOString(),
  }
  return composeBatch(cut, [lines], '@waybill/browser/0.1.0', now)
}
