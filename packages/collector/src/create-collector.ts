import type { Recorded } from '@waybill/protocol'
import type { Context, Hono } from 'hono'
import { afterAnswer } from './after-answer.ts'
import { answerProblem } from './answer-problem.ts'
import { answerReadiness } from './answer-readiness.ts'
import { toBatchLog } from './core/batch-log.ts'
import { refuseDeliveries } from './core/delivery.ts'
import { createKeyRing } from './core/key-ring.ts'
import type { Platform } from './core/platform.ts'
import { type Stages, toServerTiming } from './core/server-timing.ts'
import { toProblem } from './core/to-problem.ts'
import { withDeadLetter } from './core/with-dead-letter.ts'
import { createBase } from './create-base.ts'
import { fanOut } from './fan-out.ts'
import { type CollectorOptions, resolveOptions } from './options.ts'
import { readTrace } from './read-trace.ts'
import { createSegmentApi } from './segment-api/create-segment-api.ts'
import { takeBatch } from './take-batch.ts'
import { webPlatform } from './web-platform.ts'

/**
 * A collector as a Hono app, the same in workerd and in Node: `POST <path>` takes batches, `POST /v1/batch` and others
 * take what clients of Segment's API send, `GET /health` says that it is up, `GET /ready` which sinks would take a batch.
 * It keeps nothing between requests. Throws a `ConfigurationError` for a setting that cannot work.
 *
 * @param platform Leave it out. The simulation of this repository passes its own, whose clock is virtual and in which
 * nothing completes outside of it; it may change in any release.
 */
export function createCollector(options: CollectorOptions, platform: Platform = webPlatform): Hono {
  const { keys, deadLetter, path, segmentApi, limits, sinkDeadline, now, log, ...resolved } = resolveOptions(options)
  const sinks = resolved.sinks.map((sink) => (deadLetter ? withDeadLetter(sink, deadLetter, platform.sha256) : sink))
  const findKey = createKeyRing(keys, platform.sha256)
  const app = createBase(log, now)

  app.get('/health', (c) => c.json({ status: 'ok', sinks: sinks.map(({ name }) => name) }))
  app.get('/ready', answerReadiness({ sinks, now, after: platform.after }))

  if (segmentApi) app.route('/', createSegmentApi({ findKey, sinks, sinkDeadline, limits, now, log, platform }))

  app.post(path, async function presentBatch(c) {
    const began = now()
    const taken = await takeBatch(
      {
        key: c.req.query('key'),
        encoding: c.req.query('encoding'),
        origin: c.req.header('Origin'),
        contentType: c.req.header('Content-Type'),
        body: c.req.raw.body,
      },
      { findKey, limits, now, platform },
    )
    const take = now() - began
    if (!taken.ok) {
      const { refusal, keyId, batchId } = taken.fault
      const problem = toProblem(refusal, batchId)
      // Before the key is known, how long it took is nobody's to know.
      if (keyId !== undefined) tellTiming(c, { take })
      const at = now()
      log(toBatchLog({ at, ms: at - began, problem, keyId, batchId }))
      return answerProblem(c, problem)
    }

    const { events, tombstones, rejected, bytes } = taken.value
    const { batchId, keyId, header, digest } = taken.value.batch
    const trace = readTrace(c, digest)
    const batch = { ...taken.value.batch, trace }
    const { required, bestEffort } = fanOut(batch, sinks, { deadline: sinkDeadline, after: platform.after, now })
    const deliveries = await required
    const refusal = refuseDeliveries(deliveries)
    const problem = refusal && toProblem(refusal, batchId)

    const at = now()
    tellTiming(c, { take, sinks: at - began - take, deliveries })
    const counts = { events, tombstones, rejected: rejected.length, bytes }
    const logAll = async () => {
      const all = [...deliveries, ...(await bestEffort)]
      log(toBatchLog({ at, ms: at - began, problem, keyId, batchId, header, trace, counts, deliveries: all }))
    }
    afterAnswer(c, logAll())
    return problem ? answerProblem(c, problem) : c.json({ batchId, recorded: events, rejected } satisfies Recorded)
  })

  return app
}

/** Says how long the answer took, and lets pages that may write read it (https://www.w3.org/TR/resource-timing/). */
function tellTiming(c: Context, stages: Stages): void {
  c.header('Server-Timing', toServerTiming(stages))
  const origin = c.req.header('Origin')
  if (origin !== undefined) c.header('Timing-Allow-Origin', origin)
}
