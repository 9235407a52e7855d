import type { Problem } from '@waybill/protocol'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/**
 * Answers with a problem (RFC 9457), and says in a header as well when to come back.
 *
 * A 401 says in `WWW-Authenticate` what to send, as it MUST (RFC 9110, section 15.5.2): a write key, by a scheme of our own that
 * no browser knows. A browser that is asked for `Basic` may show a login prompt to a page's visitor, so it is for those
 * only that send no `Origin`; browsers send one with each POST (https://fetch.spec.whatwg.org/#append-a-request-origin-header).
 *
 * @param scheme what its clients send a write key by: `Basic` on the paths of Segment's API. Default `WaybillKey`.
 */
export function answerProblem(c: Context, problem: Problem, scheme: 'WaybillKey' | 'Basic' = 'WaybillKey'): Response {
  const isBasic = scheme === 'Basic' && c.req.header('Origin') === undefined
  return c.json(problem, problem.status as ContentfulStatusCode, {
    'Content-Type': 'application/problem+json',
    ...(problem.status === 401 && { 'WWW-Authenticate': isBasic ? 'Basic realm="waybill"' : 'WaybillKey' }),
    ...(problem.retryAfter === undefined ? {} : { 'Retry-After': String(problem.retryAfter) }),
  })
}
