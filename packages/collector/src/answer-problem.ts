import type { Problem } from '@waybill/protocol'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** Answers with a problem (RFC 9457), and says in a header as well when to come back. */
export function answerProblem(c: Context, problem: Problem): Response {
  return c.json(problem, problem.status as ContentfulStatusCode, {
    'Content-Type': 'application/problem+json',
    ...(problem.retryAfter === undefined ? {} : { 'Retry-After': String(problem.retryAfter) }),
  })
}
