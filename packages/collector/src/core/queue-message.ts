import { type BatchHeader, isTimestamp, parseHeader, type Seq, toBatchId } from '@waybill/protocol'
import type { Batch } from './batch.ts'
import { type Bytes, concat } from './bytes.ts'
import { cutLines } from './cut-lines.ts'
import { digest } from './digest.ts'
import { toNdjson } from './join-lines.ts'
import { sha256 } from './sha256.ts'
import { parseTrace, type TraceContext } from './trace-context.ts'

/**
 * Bytes of the client's lines in one message. A message of a Cloudflare Queue has 128,000 bytes at most, some 100 of them
 * metadata (developers.cloudflare.com/queues/platform/limits): what is left is for its first line.
 */
const LINES_BYTES = 110_000

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Line 1 of a message. */
interface Envelope {
  /** The version of this format. */
  v: 1
  keyId: string
  digest: string
  receivedAt: string
  header: BatchHeader
  /** How each line ends: with what the collector appended, which all lines of a batch share. */
  ending: string
  /** Which trace the batch is part of; nothing in messages of earlier releases. */
  trace?: Pick<TraceContext, 'traceparent' | 'tracestate'>
}

/**
 * A batch as the messages of a queue, each of them a batch of its own that a sink can take without the others: line 1 says
 * which, then come the client's lines. A batch that fits into one message stays as it is. A larger one is cut by the bytes of
 * the client's lines alone, whatever the collector appended, so that each repeat of it makes the same cuts; its parts have
 * their own range and batch id, and a digest made of the batch's and of their range, for which a fork stays a fork. A
 * client's token and receipt are for the collector and stay there.
 */
export async function toQueueMessages({ keyId, receivedAt, trace, ...batch }: Batch): Promise<Bytes[]> {
  const { receipt: _, token: __, ...header } = batch.header
  const { lines, ending } = splitEnding(batch.lines)
  const runs = cutLines(lines, LINES_BYTES)
  const firsts = runs.map(([line], index) => (index === 0 || !line ? header.first : seqOf(line)))
  return Promise.all(
    runs.map(async (run, index) => {
      const [first = header.first, next] = firsts.slice(index)
      const last = next === undefined ? header.last : ((next - 1) as Seq)
      const part =
        runs.length === 1
          ? { digest: batch.digest, header }
          : {
              digest: await digest(encoder.encode(`${batch.digest}:${first}-${last}`), sha256),
              header: { ...header, batchId: toBatchId(header.streamId, first, last), first, last },
            }
      const envelope: Envelope = { v: 1, keyId, receivedAt, ...part, ending, ...(trace && { trace: toHeaders(trace) }) }
      return concat([encoder.encode(`${JSON.stringify(envelope)}\n`), toNdjson(run)])
    }),
  )
}

const toHeaders = ({ traceId: _, ...headers }: TraceContext): Omit<TraceContext, 'traceId'> => headers

const seqOf = (line: Bytes): Seq => JSON.parse(decoder.decode(line)).seq

/** The text between the last `,"received":` of a line and its end can't be in a string: its quotes would be escaped there. */
const APPENDED = ',"received":'

const CLOSE = encoder.encode('}')

/** Takes off each line what the collector appended, so that it travels once. */
function splitEnding(lines: readonly Bytes[]): { lines: readonly Bytes[]; ending: string } {
  const [line] = lines
  const text = line ? decoder.decode(line) : ''
  const at = text.lastIndexOf(APPENDED)
  const ending = encoder.encode(text.slice(at))
  if (at < 0 || !lines.every((line) => endsWith(line, ending))) return { lines, ending: '}' }
  return {
    lines: lines.map((line) => concat([line.subarray(0, -ending.length), CLOSE])),
    ending: text.slice(at),
  }
}

const endsWith = (line: Bytes, ending: Bytes): boolean =>
  line.length >= ending.length && ending.every((byte, index) => line[line.length - ending.length + index] === byte)

/** The batch that a message brings, byte for byte as it was handed to the queue; nothing when it is no message of ours. */
export function fromQueueMessage(body: unknown): Batch | undefined {
  if (typeof body !== 'string') return
  const end = body.indexOf('\n')
  const envelope = parseEnvelope(body.slice(0, Math.max(end, 0)))
  if (!envelope || !body.endsWith('}\n')) return
  const { keyId, digest, receivedAt, header, ending } = envelope
  const trace = parseTrace(envelope.trace?.traceparent, envelope.trace?.tracestate)
  const lines = body.slice(end + 1, -1).split('\n')
  return {
    batchId: header.batchId,
    keyId,
    header,
    digest,
    receivedAt,
    lines: lines.map((line) => encoder.encode(line.slice(0, -1) + ending)),
    ...(trace && { trace }),
  }
}

function parseEnvelope(line: string): Envelope | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return
  }
  if (typeof value !== 'object' || value === null) return
  const { v, keyId, digest, receivedAt, header, ending, trace } = value as Record<string, unknown>
  const parsed = parseHeader(JSON.stringify(header ?? null))
  const isKnown =
    v === 1 &&
    matches(keyId, /^[a-z0-9_-]{1,64}$/) &&
    matches(digest, /^[0-9a-f]{64}$/) &&
    isTimestamp(receivedAt) &&
    matches(ending, /\}$/)
  if (!isKnown || !parsed.ok) return
  return { v, keyId, digest, receivedAt, header: parsed.value, ending, ...readTrace(trace) }
}

/** A message without a trace, or with one that is none, is delivered all the same. */
function readTrace(trace: unknown): Pick<Envelope, 'trace'> {
  const { traceparent, tracestate } = (trace ?? {}) as Record<string, unknown>
  if (typeof traceparent !== 'string') return {}
  return { trace: { traceparent, ...(typeof tracestate === 'string' && { tracestate }) } }
}

const matches = (value: unknown, pattern: RegExp): value is string => typeof value === 'string' && pattern.test(value)
