/** In seconds. A queue delays a message by 12 hours at most (developers.cloudflare.com/queues/platform/limits). */
const MOST = 43_200
/** In seconds. What was away for long is found back within half an hour. */
const LONGEST_BACKOFF = 1_800

/**
 * In how many seconds a message is tried again: 10, doubled with each attempt, up to half an hour. 100 retries, of which a
 * queue allows no more, last for 46 hours.
 *
 * @param attempts how often it was tried, from 1
 */
export const toBackoff = (attempts: number): number => Math.min(LONGEST_BACKOFF, 5 * 2 ** attempts)

/** The longest of the backoff and of what sinks asked for, in whole seconds that a queue takes. */
export const toRetryDelay = (backoff: number, asked: readonly (number | undefined)[]): number =>
  Math.min(MOST, Math.max(0, Math.ceil(Math.max(backoff, ...asked.map((each) => each ?? 0)))))
