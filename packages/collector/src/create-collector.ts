import type { Recorded } from '@waybill/protocol'
import type { Hono } from 'hono'
import { afterAnswer } from './after-answer.ts'
import { answerProblem } from './answer-problem.ts'
import { toBatchLog } from './core/batch-log.ts'
import { refuseDeliveries } from './core/delivery.ts'
import { createKeyRing } from './core/key-ring.ts'
import type { Platform } from './core/platform.ts'
import { createSignedKeyRing } from './core/signed-key-ring.ts'
import { toProblem } from './core/to-problem.ts'
import { withDeadLetter } from './core/with-dead-letter.ts'
import { createBase } from './create-base.ts'
import { fanOut } from './fan-out.ts'
import { type CollectorOptions, resolveOptions } from './options.ts'
import { readSender } from './read-sender.ts'
import { createSegmentApi } from './segment-api/create-segment-api.ts'
import { takeBatch } from './take-batch.ts'
import { webPlatform } from './web-platform.ts'

/**
 * A collector as a Hono app, the same in workerd and in Node: `POST <path>` takes batches, `POST /v1/batch` and others
 * take what clients of Segment's API send, `GET /health` says that it is up. It keeps nothing between requests. Throws a
 * `ConfigurationError` for a setting that cannot work.
 *
 * @param platform Leave it out. The simulation of this repository passes its own, whose clock is virtual and in which
 * nothing completes outside of it; it may change in any release.
 */
export function createCollector(options: CollectorOptions, platform: Platform = webPlatform): Hono {
  const { deadLetter, ...resolved } = resolveOptions(options)
  const { keys, path, segmentApi, sinkDeadline, now, log, enrich } = resolved
  const sinks = resolved.sinks.map((sink) => (deadLetter ? withDeadLetter(sink, deadLetter, platform.sha256) : sink))
  const findKey = createKeyRing(keys, platform.sha256)
  const readSignedKey = createSignedKeyRing({ ...resolved, hmac: platform.hmac })
  const app = createBase(log, now)

  app.get('/health', (c) => c.json({ status: 'ok', sinks: sinks.map(({ name }) => name) }))

  if (segmentApi) app.route('/', createSegmentApi({ ...resolved, sinks, findKey, readSignedKey, platform }))

  app.post(path, async function presentBatch(c) {
    const began = now()
    const taken = await takeBatch(
      {
        key: c.req.query('key'),
        encoding: c.req.query('encoding'),
        origin: c.req.header('Origin'),
        contentType: c.req.header('Content-Type'),
        body: c.req.raw.body,
        sender: readSender(c, enrich.ipHeader),
      },
      { ...resolved, sinks, findKey, readSignedKey, platform },
    )
    if (!taken.ok) {
      const { refusal, keyId, batchId } = taken.fault
      const problem = toProblem(refusal, batchId)
      const at = now()
      log(toBatchLog({ at, ms: at - began, problem, keyId, batchId }))
      return answerProblem(c, problem)
    }

    const { batch, sinks: own, events, tombstones, rejected, bytes } = taken.value
    const { batchId, keyId } = batch
    const { required, bestEffort } = fanOut(batch, own, { deadline: sinkDeadline, after: platform.after })
    const deliveries = await required
    const refusal = refuseDeliveries(deliveries)
    const problem = refusal && toProblem(refusal, batchId)

    const at = now()
    const counts = { events, tombstones, rejected: rejected.length, bytes }
    const logAll = async () => {
      const all = [...deliveries, ...(await bestEffort)]
      log(toBatchLog({ at, ms: at - began, problem, keyId, batchId, counts, deliveries: all }))
    }
    afterAnswer(c, logAll())
    return problem ? answerProblem(c, problem) : c.json({ batchId, recorded: events, rejected } satisfies Recorded)
  })

  return app
}
