import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { answerProblem } from './answer-problem.ts'
import { type BatchLog, toBatchLog } from './core/batch-log.ts'
import { describeError } from './core/describe-error.ts'
import { redact } from './core/redact.ts'
import { toProblem } from './core/to-problem.ts'

/** What holds for every answer of a collector, whatever its routes: CORS, no caching, problems for what went wrong. */
export function createBase(log: (entry: BatchLog) => void, now: () => number): Hono {
  const app = new Hono()
  // Our own SDK needs no preflight. Those that send an `Authorization` would need one each 5 s; Chromium keeps one for 2 h.
  const answerPreflight = cors({ origin: (origin) => origin, allowMethods: ['GET', 'POST'], maxAge: 7200 })
  // Any origin may read a refusal, which holds nothing secret, or the SDK could not tell it from an outage. Whether an
  // origin may write is the write key's to say. No credentials, ever. All is said before there is an answer: Hono makes an
  // answer anew for each header that comes after it, as those of its `cors` do.
  app.use((c, next) => {
    c.header('Cache-Control', 'no-store')
    if (c.req.method === 'OPTIONS') return answerPreflight(c, next)
    const origin = c.req.header('Origin')
    if (origin) c.header('Access-Control-Allow-Origin', origin)
    c.header('Access-Control-Expose-Headers', 'Retry-After,Preference-Applied')
    c.header('Vary', 'Origin')
    return next()
  })
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, allowed) => {
        c.header('Allow', allowed.join(', '))
        return answerProblem(c, toProblem({ reason: 'method_not_allowed', allowed }))
      },
    }),
  )
  app.notFound((c) => answerProblem(c, toProblem({ reason: 'not_found' })))
  app.onError((error, c) => {
    const problem = toProblem({ reason: 'internal_error' })
    log(toBatchLog({ at: now(), problem: { ...problem, detail: describeFailure(error) } }))
    return answerProblem(c, problem)
  })
  return app
}

/** A frame of a stack in V8's form. Where our own code lies is no secret, and all that finds the fault. */
const FRAME = /^ +at .*:\d+:\d+\)?$/

function describeFailure(error: Error): string {
  const frames = error.stack?.split('\n').filter((line) => FRAME.test(line)) ?? []
  return [redact(describeError(error), 1000), ...frames].join('\n').slice(0, 2000)
}
