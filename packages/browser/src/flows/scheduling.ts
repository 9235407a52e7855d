export interface ScheduleOptions {
  /** Resolves to the ms after which to flush again, or to undefined when nothing is left. */
  flush: (force?: boolean) => Promise<number | undefined>
  /** Flush when this many events have come since the last flush. Default 100. */
  flushAt?: number
  /** Flush when an event has waited for this many ms. Default 5,000. */
  flushInterval?: number
  delay: (ms: number) => Promise<void>
}

export interface Schedule {
  /** So many lines were stored. */
  stored: (lines: number) => void
  /** Flush at once, or again after the flush under way, and go on as the outcome says. */
  flushNow: (force?: boolean) => Promise<number | undefined>
}

/** Decides when this tab flushes. Only the timer that was set last counts. */
export function createSchedule({ flush, flushAt = 100, flushInterval = 5_000, delay }: ScheduleOptions): Schedule {
  let fresh = 0
  let timer: object | undefined
  /** A timer runs for an event that was stored, and not for a wait, which may be long. */
  let soon = false
  /** Whether, and if so with how much force, to flush once more. */
  let asked: boolean | undefined
  let underWay: Promise<number | undefined> | undefined

  const arm = async (ms: number) => {
    const own = {}
    timer = own
    await delay(ms)
    if (timer === own) flushNow()
  }

  async function flushUntilDone(): Promise<number | undefined> {
    let wait: number | undefined
    while (asked !== undefined) {
      const force = asked
      asked = undefined
      wait = await flush(force)
    }
    underWay = undefined
    if (wait !== undefined && !soon) arm(wait)
    return wait
  }

  function flushNow(force = false): Promise<number | undefined> {
    timer = undefined
    soon = false
    fresh = 0
    // The flush under way may have looked for the last time before our newest event came.
    asked ||= force
    underWay ??= flushUntilDone()
    return underWay
  }

  return {
    stored(lines) {
      fresh += lines
      if (fresh >= flushAt) flushNow()
      else if (!soon) {
        soon = true
        arm(flushInterval)
      }
    },
    flushNow,
  }
}
