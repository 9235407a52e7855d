/**
 * A longer silence, in ms, and the page did not run: it was frozen, or the device asleep. A hidden page still wakes once
 * a minute (https://developer.chrome.com/blog/timer-throttling-in-chrome-88). Needed because `performance.now()` counts
 * a sleep on some systems and not on others (https://github.com/w3c/hr-time/issues/115).
 */
export const SILENCE = 75_000

/** For how many ms a page has run, as far as it was seen to: the difference of two readings is a time in which it ran. */
export interface RunningTime {
  /** The page's monotonic clock at the last reading. */
  uptime: number
  ran: number
}

export const readRunningTime = ({ uptime, ran }: RunningTime, now: number): RunningTime => ({
  uptime: now,
  ran: ran + (now - uptime <= SILENCE ? now - uptime : 0),
})
