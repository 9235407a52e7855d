import type { Problem, ProblemCode } from '@waybill/protocol'

/** In seconds: the longest that Segment's clients let themselves be asked to wait. */
const LONGEST = 300

/** In seconds: the first wait for an operator who has to add a sink. */
const MENDING = 60

/** What to do, where our own clients would do something else. */
const details: { [Code in ProblemCode]?: string } = {
  unknown_key:
    'Send a write key of this collector as the user name of Basic authentication, or as `writeKey` in the body.',
  unsupported_encoding: 'Leave Content-Encoding out, or set it to gzip.',
  invalid_encoding: 'Send one whole gzip member and nothing after it, or leave Content-Encoding out.',
}

/**
 * A refusal for clients of Segment's API, in their sources of November 2026: `@segment/analytics-next` 1.84,
 * `@segment/analytics-node` 3.1, `@rudderstack/analytics-js` 3.34. All forget an event on 2xx and 3xx, and on 4xx but 429 (Segment's,
 * 408, 410 and 460 as well). They send it again on 5xx and 429, ten times: what a sink has not taken yet must be one of these.
 *
 * It is 429 since Segment's heed `Retry-After` on no other status, and `analytics-node`, which gives up on a 503 after four
 * minutes, then sends up to thirty times. Each repeat is asked to come after twice the time, up to {@link LONGEST}: they
 * say themselves which repeat it is, so that nobody has to count. RudderStack's back off by themselves, on either.
 *
 * `no_sink` is one of these, too: it is the collector that is set up wrongly, and no client should forget an event for it.
 */
export function toRefusal(problem: Problem, attemptsBefore: number): Problem {
  const isUnset = problem.code === 'no_sink'
  const wait = isUnset ? MENDING : problem.retryAfter
  if (wait === undefined) return { ...problem, detail: details[problem.code] ?? problem.detail }
  const retryAfter = Math.min(LONGEST, wait * 2 ** Math.min(attemptsBefore, 10))
  const detail = isUnset ? problem.detail : `Send the same events again after ${retryAfter} s.`
  return { ...problem, status: 429, retryAfter, detail }
}
