import type { Answer } from './decide.ts'

/** Presents one batch. `signal` ends a request that would not outlive the page anyway. Never rejects. */
export type Send = (text: string, signal: AbortSignal) => Promise<Answer>
