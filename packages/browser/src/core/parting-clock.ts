export interface PartingClock {
  /** ms since 1970 */
  now: () => number
  /**
   * What was before is to be forgotten, which is told by its time alone: what comes after it in the same ms is moved to the
   * next.
   */
  part: () => void
}

/**
 * The device's wall clock as events tell it. It may stand before 1970, where nothing that is stored does; and time must not
 * stand still.
 */
export function createPartingClock(wall: () => number, uptime: () => number): PartingClock {
  const read = () => Math.max(wall(), Math.floor(uptime()))
  /** What the clock said at the last parting, and since when what comes after it is stamped. */
  let partedAt = 0
  let stampedSince = 0
  const now = () => {
    const at = read()
    // Set back since: what comes is later all the same, by a clock that goes on.
    return at < partedAt ? at : Math.max(at, stampedSince)
  }
  return {
    now,
    part() {
      stampedSince = now() + 1
      partedAt = read()
    },
  }
}
