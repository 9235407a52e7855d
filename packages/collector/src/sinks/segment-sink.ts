import { byteLength, type CompleteEvent, eventTypes, fail, ok, type Result, type Seq } from '@waybill/protocol'
import { attempt } from '../core/attempt.ts'
import type { Bytes } from '../core/bytes.ts'
import { checkNothingElse, isText } from '../core/check-kind.ts'
import { checkUrl } from '../core/check-url.ts'
import { ConfigurationError } from '../core/configuration-error.ts'
import { fingerprint } from '../core/fingerprint.ts'
import { type Fetch, readText, toHttpFault } from '../core/http.ts'
import type { Sink, SinkFault, TransientFault } from '../core/sink.ts'
import { toGeneration } from '../core/to-generation.ts'
import { traceHeaders } from '../core/trace-headers.ts'

export interface SegmentSinkOptions {
  /**
   * Where batches are posted: `https://api.segment.io/v1/batch`, `https://events.eu1.segmentapis.com/v1/batch`, the
   * `/v1/batch` of a RudderStack data plane or of Jitsu's ingest. https; http only to this machine. Redirects are not followed.
   */
  url: string
  /** Of the source there; of Jitsu `<id>:<secret>`. */
  writeKey: string
  /** Default `segment`. */
  name?: string
  /** Default `true`. */
  required?: boolean
  /** Default: the platform's. */
  fetch?: Fetch
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  now?: () => number
}

/**
 * Posts events to an API that speaks Segment's dialect. They are in it already; what the Segment Spec does not know goes to
 * `context.waybill`: stream, seq, monotonic time, span, state, and what the collector has received. `sentAt` is left out, or
 * `timestamp` would be corrected by it.
 *
 * - Repeats are told by `messageId`: a batch of which only a part was taken is simply posted again. The second content of a
 *   forked stream has the same ids, and is dropped as a repeat while those are remembered: keep events in one of the other
 *   sinks as well if that matters to you.
 * - Tombstones are left out, as the Segment Spec has no word for them: `context.waybill.seq` shows the gap, and the log
 *   counts them.
 * - An event of more than 32 KB is refused without being posted. When a request is answered with 400 or 413, parts of it are
 *   posted, and an event that is turned away on its own, while others are taken, is refused. Where nothing was taken, of
 *   all events or of 64 requests, nothing is refused, and the batch stays with the client.
 *
 * https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
 * https://segment.com/docs/guides/duplicate-data/
 * https://www.rudderstack.com/docs/user-guides/administrators-guide/deduplication/
 */
export function segmentSink({
  url,
  writeKey,
  name = 'segment',
  required = true,
  fetch = (...request) => globalThis.fetch(...request),
  now = Date.now,
  ...others
}: SegmentSinkOptions): Sink {
  checkNothingElse('segment', others)
  const { href, origin } = checkUrl(url, { setting: 'segment url', example: 'https://api.segment.io/v1/batch' })
  // Segment answers 200 to any write key: a wrong one would never be heard of.
  if (!isText(writeKey, /^[\x21-\x7e]+$/)) {
    throw new ConfigurationError('segment writeKey: use the write key of the source, without spaces.')
  }
  const headers = { 'Content-Type': 'application/json', Authorization: `Basic ${btoa(`${writeKey}:`)}` }

  /** How a request was answered: taken, turned away for what is in it, or not taken for now. */
  async function post(
    calls: readonly Call[],
    trace: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Result<void, TransientFault | 'refused'>> {
    const body = `{"batch":[${calls.map(({ text }) => text).join(',')}]}`
    const answer = await fetch(href, {
      method: 'POST',
      redirect: 'manual',
      headers: { ...headers, ...trace },
      body,
      signal,
    })
    if (answer.ok) {
      if (!DENIAL.test(await readText(answer, MOST.answer))) return ok(undefined)
      return fail(toHttpFault(answer, now(), 'and that it did not take all'))
    }
    await answer.body?.cancel()
    return fail(answer.status === 400 || answer.status === 413 ? 'refused' : toHttpFault(answer, now()))
  }

  /**
   * Posts all of it, in parts where it is turned away. Until something was taken the parts go breadth-first, for those in
   * front must not hide that others are good.
   */
  async function postAll(
    calls: readonly Call[],
    trace: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Result<void, SinkFault>> {
    const refused: Seq[] = []
    let posted = 0
    let taken = 0
    const pending = toRequests(calls)
    for (let request = pending.shift(); request; request = pending.shift()) {
      const answer = await post(request, trace, signal)
      posted += 1
      if (answer.ok) taken += 1
      else if (answer.fault !== 'refused') return fail(answer.fault)
      else if (request.length === 1) refused.push(...request.map(({ seq }) => seq))
      else if (taken > 0) pending.unshift(...inHalves(request))
      else pending.push(...aroundMiddle(request))
      // Whoever takes nothing has something against us, and not against these events.
      if (taken === 0 && posted === MOST.inVain && pending.length > 0) {
        return fail({ kind: 'transient', detail: `answered 400 or 413 to each of ${posted} requests` })
      }
    }
    if (refused.length === 0) return ok(undefined)
    if (taken === 0) return fail({ kind: 'transient', detail: 'answered 400 or 413 to every event' })
    const seqs = refused.toSorted((one, other) => one - other)
    return fail({ kind: 'refused', seqs, detail: 'answered 400 or 413 to this event alone' })
  }

  return {
    name,
    guarantee: 'accepted',
    required,
    // The write key names the source there, and stays unsaid.
    generation: toGeneration(`${origin} ${fingerprint(`${href} ${writeKey}`)}`),
    idempotency: { key: '`messageId`', window: "the destination's: 24 h at Segment" },
    deliver: (batch, signal) =>
      attempt<SinkFault>(async () => {
        const calls = batch.lines.flatMap((line) => toCall(line) ?? [])
        const large = calls.filter(({ bytes }) => bytes > MOST.event)
        if (large.length > 0) {
          return fail({ kind: 'refused', seqs: large.map(({ seq }) => seq), detail: `more than ${MOST.event} bytes` })
        }
        return postAll(calls, traceHeaders(batch), signal)
      }),
  }
}

/**
 * In bytes, of an event and of a request; and how many requests may be turned away before one is taken. 32 KB and 500 KB are allowed; Segment's own client keeps to these:
 * https://github.com/segmentio/analytics-next/blob/master/packages/node/src/plugins/segmentio/context-batch.ts
 */
const MOST = { event: 32 * 1024, request: 480 * 1024, answer: 128 * 1024, inVain: 64 }

/**
 * What Jitsu answers with 200 when it has not taken every event:
 * https://github.com/jitsucom/jitsu, `bulker/ingest/router_batch_handler.go`
 */
const DENIAL = /"(ok|success)"\s*:\s*false/

/** One event in Segment's dialect. */
interface Call {
  seq: Seq
  text: string
  bytes: number
}

const decoder = new TextDecoder()

/** The call that an event is; none for a tombstone. */
function toCall(line: Bytes): Call | undefined {
  const { streamId, seq, monotonic, span, state, received, ...call }: CompleteEvent = JSON.parse(decoder.decode(line))
  if (!eventTypes.includes(call.type)) return undefined
  const waybill = { streamId, seq, monotonic, span, state, received }
  const text = JSON.stringify({ ...call, context: { ...call.context, waybill } })
  return { seq, text, bytes: byteLength(text) }
}

/** Calls in their order, as many to a request as fit. */
function toRequests(calls: readonly Call[]): Call[][] {
  const requests: Call[][] = []
  let room = 0
  for (const call of calls) {
    // A comma, or the brackets around all of them.
    const bytes = call.bytes + 1
    const last = requests.at(-1)
    if (last && bytes <= room) {
      last.push(call)
      room -= bytes
    } else {
      requests.push([call])
      room = MOST.request - '{"batch":[]}'.length - bytes
    }
  }
  return requests
}

function inHalves(request: readonly Call[]): Call[][] {
  const half = Math.ceil(request.length / 2)
  return [request.slice(0, half), request.slice(half)]
}

/** The call in the middle alone, and what is before and after it: soon those alone are spread over the whole request. */
function aroundMiddle(request: readonly Call[]): Call[][] {
  const middle = Math.floor(request.length / 2)
  const parts = [request.slice(middle, middle + 1), request.slice(0, middle), request.slice(middle + 1)]
  return parts.filter(({ length }) => length > 0)
}
