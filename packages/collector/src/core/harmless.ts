/** A log whose own failures, at once or in a promise, reach nobody: the answer stands, whatever becomes of its entry. */
export const harmless =
  <Entry>(log: (entry: Entry) => unknown): ((entry: Entry) => void) =>
  async (entry) => {
    try {
      await log(entry)
    } catch {}
  }
