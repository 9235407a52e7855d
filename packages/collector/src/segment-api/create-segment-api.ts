import { type Limits, ok, type Problem, type Rejection, type Result } from '@waybill/protocol'
import { type Context, Hono } from 'hono'
import { afterAnswer } from '../after-answer.ts'
import { answerProblem } from '../answer-problem.ts'
import { type Admission, admit, countRequest, type Gate } from '../core/admit.ts'
import { type BatchLog, toBatchLog } from '../core/batch-log.ts'
import type { Bytes } from '../core/bytes.ts'
import { refuseDeliveries } from '../core/delivery.ts'
import type { Platform } from '../core/platform.ts'
import { readRequest } from '../core/read-up-to.ts'
import type { Refusal, Refused } from '../core/refusal.ts'
import { describeSender, type EnrichOptions } from '../core/sender.ts'
import { toProblem } from '../core/to-problem.ts'
import { fanOut } from '../fan-out.ts'
import { readSender } from '../read-sender.ts'
import { readTrace } from '../read-trace.ts'
import type { TakenBatch } from '../take-batch.ts'
import { basicUser } from './basic-user.ts'
import { readBody, readWriteKey } from './read-body.ts'
import { segmentPaths, type Taken } from './segment-paths.ts'
import { compactJson } from './split-json.ts'
import { toBatches } from './to-batches.ts'
import { toRefusal } from './to-refusal.ts'

interface SegmentApiParts extends Gate {
  enrich: EnrichOptions
  /** In milliseconds. */
  sinkDeadline: number
  now: () => number
  log: (entry: BatchLog) => void
  platform: Platform
}

/** What Segment's API takes in one batch. */
const EVENTS = 2500

/** How many times a batch of ours what events share may make of a request. */
const SHARING = 4

/**
 * Segment's HTTP API, for clients that know no other. Answers 200 when every required sink has all of a request, and never
 * 202: to these clients that means the same. What is not taken yet is a 429, see {@link toRefusal}.
 */
export function createSegmentApi({
  enrich: asked,
  sinkDeadline,
  now,
  log,
  platform,
  rateLimiter,
  ...gate
}: SegmentApiParts): Hono {
  const app = new Hono()

  async function letIn(presented: { key: string | undefined; origin: string | undefined }) {
    const admitted: Result<Admission, Refused> = await admit(presented, gate)
    if (!admitted.ok) return admitted
    const { writeKey } = admitted.value
    // There is no place for one in what these clients send.
    if (writeKey.tokenSecrets) return refuse({ reason: 'token_required' }, writeKey.id)
    const limited = await countRequest(rateLimiter, writeKey)
    return limited ? refuse(limited, writeKey.id) : admitted
  }

  async function take(c: Context, takes: Taken): Promise<Result<{ batches: TakenBatch[]; keyId: string }, Refused>> {
    const presented = basicUser(c.req.header('Authorization')) ?? c.req.query('writeKey')
    const origin = c.req.header('Origin')
    // A key in a header is looked at before anything is read, one in the body cannot be.
    const known = presented === undefined ? undefined : await letIn({ key: presented, origin })
    if (known && !known.ok) return known
    const plain = await readPlain(c, known?.value.limits ?? gate.limits, platform.inflate)
    if (!plain.ok) return refuse(plain.fault, known?.value.writeKey.id)
    const json = compactJson(plain.value)
    const site = known ?? (await letIn({ key: readWriteKey(json), origin }))
    if (!site.ok) return site
    const { writeKey, sinks, limits } = site.value
    const keyId = writeKey.id
    const body = readBody(json, takes, EVENTS)
    if (!body) return refuse({ reason: 'invalid_body' }, keyId)
    if (body.events.length > EVENTS) return refuse({ reason: 'too_many_events', max: EVENTS }, keyId)
    // Each event gets what the batch says of all: a small body must not become a large batch.
    const shared = body.shared.reduce((bytes, { value }) => bytes + value.length, 0)
    const most = SHARING * limits.batchBytes
    if (shared * body.events.length > most) return refuse({ reason: 'batch_too_large', max: most }, keyId)
    const type = takes === 'batch' ? undefined : takes
    const at = now()
    const sender = await describeSender(readSender(c, asked.ipHeader), asked, at, platform.hmac)
    const request = { keyId, type, attempt: attemptsBefore(c) + 1, now: at, sender }
    const batches = await toBatches(body, request, { limits, sha256: platform.sha256 })
    return ok({ keyId, batches: batches.map((batch) => ({ ...batch, sinks })) })
  }

  /** Hands one batch to all sinks; logs when all of them have answered. */
  async function deliver(c: Context, taken: TakenBatch, began: number): Promise<Problem | undefined> {
    const { clientDigest, sinks, events, tombstones, rejected, bytes } = taken
    const { batchId, keyId, header } = taken.batch
    const trace = readTrace(c, clientDigest)
    const batch = { ...taken.batch, trace }
    const { required, bestEffort } = fanOut(batch, sinks, { deadline: sinkDeadline, after: platform.after, now })
    const deliveries = await required
    const refusal = refuseDeliveries(deliveries)
    const problem = refusal && toRefusal(toProblem(refusal, batchId), attemptsBefore(c))
    const at = now()
    const counts = { events, tombstones, rejected: rejected.length, bytes }
    const logAll = async () => {
      const all = [...deliveries, ...(await bestEffort)]
      log(toBatchLog({ at, ms: at - began, problem, keyId, batchId, header, trace, counts, deliveries: all }))
    }
    afterAnswer(c, logAll())
    return problem
  }

  for (const [path, takes] of segmentPaths) {
    app.post(path, async function presentEvents(c) {
      const began = now()
      const taken = await take(c, takes)
      if (!taken.ok) {
        const { refusal, keyId } = taken.fault
        const problem = toRefusal(toProblem(refusal), attemptsBefore(c))
        const at = now()
        log(toBatchLog({ at, ms: at - began, problem, keyId }))
        return answerProblem(c, problem, 'Basic')
      }
      const { batches } = taken.value
      const problems = await Promise.all(batches.map((batch) => deliver(c, batch, began)))
      const problem = problems.reduce(later, undefined)
      return problem ? answerProblem(c, problem) : c.json(toAnswer(batches))
    })
  }
  return app
}

/** What Segment answers, and, for people, what it has no place for. */
function toAnswer(batches: readonly TakenBatch[]): { success: true; rejected?: Omit<Rejection, 'seq'>[] } {
  const rejected = batches.flatMap((batch) => batch.rejected.map(({ seq: _, ...rejection }) => rejection))
  return rejected.length > 0 ? { success: true, rejected } : { success: true }
}

const later = (one: Problem | undefined, other: Problem | undefined): Problem | undefined =>
  (one?.retryAfter ?? 0) < (other?.retryAfter ?? 0) ? other : one

const refuse = (refusal: Refusal, keyId?: string): { ok: false; fault: Refused } => ({
  ok: false,
  fault: keyId === undefined ? { refusal } : { refusal, keyId },
})

/** How often the client has sent this before, as `@segment/analytics-next` and `-node`, and RudderStack's say it. */
function attemptsBefore(c: Context): number {
  const stated = c.req.header('X-Retry-Count') ?? c.req.header('Rsa-Retry-Attempt') ?? ''
  return /^\d{1,4}$/.test(stated) ? Number(stated) : 0
}

/** The body before compression. */
async function readPlain(
  c: Context,
  { bodyBytes, batchBytes }: Limits,
  inflate: Platform['inflate'],
): Promise<Result<Bytes, Refusal>> {
  const encoding = c.req.header('Content-Encoding')?.toLowerCase() ?? 'identity'
  if (encoding !== 'gzip' && encoding !== 'identity') return refusal({ reason: 'unsupported_encoding' })
  const read = await readRequest(c.req.raw, bodyBytes)
  if (!read.ok) return refusal({ reason: 'body_incomplete' })
  if (!read.value.whole) return refusal({ reason: 'body_too_large', max: bodyBytes })
  if (encoding === 'identity') return ok(read.value.bytes)
  const inflated = await inflate(read.value.bytes, batchBytes)
  if (!inflated.ok) return refusal({ reason: inflated.fault })
  return inflated.value.whole ? ok(inflated.value.bytes) : refusal({ reason: 'batch_too_large', max: batchBytes })
}

const refusal = (fault: Refusal): { ok: false; fault: Refusal } => ({ ok: false, fault })
