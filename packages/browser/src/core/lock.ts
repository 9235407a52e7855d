/**
 * Lets at most one tab at a time do `work`; never waits for it. The hold ends with `work`, or when `signal` aborts.
 * Resolves to null where another tab holds it, and where the hold was given up. Rejects, without `work`, where there is
 * no lock to be had: the flusher's lease in the store takes its place then.
 */
export type Lock = <Value>(work: () => Promise<Value>, signal: AbortSignal) => Promise<Value | null>
