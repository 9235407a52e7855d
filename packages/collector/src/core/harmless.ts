import type { BatchLog } from './batch-log.ts'

/** A log whose own failures, at once or in a promise, reach nobody: the answer stands, whatever becomes of its entry. */
export const harmless =
  (log: (entry: BatchLog) => unknown): ((entry: BatchLog) => void) =>
  async (entry) => {
    try {
      await log(entry)
    } catch {}
  }
