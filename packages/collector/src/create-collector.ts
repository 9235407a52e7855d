import type { Accepted, Recorded } from '@waybill/protocol'
import type { Context, Hono } from 'hono'
import { afterAnswer } from './after-answer.ts'
import { answerProblem } from './answer-problem.ts'
import { answerReadiness } from './answer-readiness.ts'
import { conveyBatch } from './convey-batch.ts'
import { toBatchLog } from './core/batch-log.ts'
import { createHints } from './core/hints.ts'
import { createKeyRing } from './core/key-ring.ts'
import { lenientLimiter } from './core/lenient-limiter.ts'
import type { Platform } from './core/platform.ts'
import { parsePrefer } from './core/prefer.ts'
import { type Stages, toServerTiming } from './core/server-timing.ts'
import { createSignedKeyRing } from './core/signed-key-ring.ts'
import { toProblem } from './core/to-problem.ts'
import { withDeadLetter } from './core/with-dead-letter.ts'
import { createBase } from './create-base.ts'
import { findNodePlatform } from './node/node-platform.ts'
import { type CollectorOptions, resolveOptions } from './options.ts'
import { readSender } from './read-sender.ts'
import { readTrace } from './read-trace.ts'
import { createSegmentApi } from './segment-api/create-segment-api.ts'
import { takeBatch } from './take-batch.ts'
import { webPlatform } from './web-platform.ts'

/**
 * A collector as a Hono app, the same in workerd and in Node: `POST <path>` takes batches, `POST /v1/batch` and others
 * take what clients of Segment's API send, `GET /health` says that it is up, `GET /ready` which sinks would take a batch.
 * It keeps nothing between requests but hints. Throws a `ConfigurationError` for a setting that cannot work.
 *
 * @param platform Leave it out. The simulation of this repository passes its own, whose clock is virtual and in which
 * nothing completes outside of it; it may change in any release.
 */
export function createCollector(
  options: CollectorOptions,
  platform: Platform = findNodePlatform() ?? webPlatform,
): Hono {
  const { deadLetter, ...resolved } = resolveOptions(options)
  const { keys, path, segmentApi, waitingBudget, now, log, enrich } = resolved
  const sinks = resolved.sinks.map((sink) => (deadLetter ? withDeadLetter(sink, deadLetter, platform.sha256) : sink))
  const findKey = createKeyRing(keys)
  const readSignedKey = createSignedKeyRing({ ...resolved, hmac: platform.hmac })
  const hints = createHints(resolved.signatureCache, platform.after)
  const rateLimiter = lenientLimiter(resolved.rateLimiter, {
    after: platform.after,
    onFailed: (keyId, detail) => log(toBatchLog({ at: now(), keyId, rateLimiter: detail })),
  })
  const app = createBase(log, now)

  app.get('/health', (c) => c.json({ status: 'ok', sinks: sinks.map(({ name }) => name) }))
  app.get('/ready', answerReadiness({ sinks, deadLetter, log, now, after: platform.after }))

  if (segmentApi)
    app.route('/', createSegmentApi({ ...resolved, rateLimiter, sinks, findKey, readSignedKey, platform }))

  app.post(path, async function presentBatch(c) {
    const began = now()
    const taken = await takeBatch(
      {
        key: c.req.query('key'),
        encoding: c.req.query('encoding'),
        origin: c.req.header('Origin'),
        contentType: c.req.header('Content-Type'),
        request: c.req.raw,
        sender: readSender(c, enrich.ipHeader),
      },
      { ...resolved, rateLimiter, sinks, findKey, readSignedKey, platform },
    )
    const take = now() - began
    if (!taken.ok) {
      const { refusal, keyId, batchId, receipt } = taken.fault
      const problem = toProblem(refusal, batchId)
      // Before the key is known, how long it took is nobody's to know.
      if (keyId !== undefined) tellTiming(c, { take })
      const at = now()
      log(toBatchLog({ at, ms: at - began, problem, keyId, batchId, receipt }))
      return answerProblem(c, problem)
    }

    const { batch, clientDigest, ignoredReceipt, sinks: own, events, tombstones, rejected, bytes } = taken.value
    const { batchId, keyId, header } = batch
    const trace = readTrace(c, clientDigest)
    const preference = parsePrefer(c.req.header('Prefer'), waitingBudget)
    const { answer, isRepeat, remembered, said, ended } = await conveyBatch(
      { ...taken.value, batch: { ...batch, trace } },
      {
        ...resolved,
        ...{ sinks: own, hints, platform },
        patience: preference?.wait ?? waitingBudget,
        goOn: (work) => afterAnswer(c, work),
      },
    )
    const at = now()
    tellTiming(c, { take, sinks: at - began - take, deliveries: said })
    if (preference && !isRepeat) c.header('Preference-Applied', preference.applied)
    const problem = 'code' in answer ? answer : undefined
    const response = 'code' in answer ? answerProblem(c, answer) : answerTaken(c, answer)

    const { status } = response
    const counts = { events, tombstones, rejected: rejected.length, bytes }
    const logAll = async () => {
      const known = { header, trace, counts, remembered, receipt: ignoredReceipt }
      log(toBatchLog({ at, ms: at - began, status, problem, keyId, batchId, ...known, deliveries: await ended }))
    }
    afterAnswer(c, logAll())
    return response
  })

  return app
}

/** 200, or 202 and in a header as well when to come back. */
const answerTaken = (c: Context, answer: Recorded | Accepted): Response =>
  'retryAfter' in answer ? c.json(answer, 202, { 'Retry-After': String(answer.retryAfter) }) : c.json(answer)

/** Says how long the answer took, and lets pages that may write read it (https://www.w3.org/TR/resource-timing/). */
function tellTiming(c: Context, stages: Stages): void {
  c.header('Server-Timing', toServerTiming(stages))
  const origin = c.req.header('Origin')
  if (origin !== undefined) c.header('Timing-Allow-Origin', origin)
}
