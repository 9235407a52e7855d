/**
 * Lets at most one tab at a time do `work`; never waits for it. The hold ends with `work`, or when `signal` aborts.
 * Resolves to null where another tab holds it, and where the hold was given up. Rejects, without `work`, where there is
 * no lock to be had: every tab may work then, and the epoch alone sees to it that one tab's decisions count. Nothing is
 * lost by that, but a batch may be sent by two tabs.
 */
export type Lock = <Value>(work: () => Promise<Value>, signal: AbortSignal) => Promise<Value | null>
