/** What was thrown, or handed over, as a text. Never throws: that may be anything, and some of it can’t be made a text. */
export function describe(unknown: unknown): string {
  try {
    return String(unknown)
  } catch {
    return `${typeof unknown} without a text`
  }
}
