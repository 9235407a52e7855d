import type { Answer } from './decide.ts'

/** Why a signal ends a request even where it would outlive the page: the visitor does not want it sent. */
export const HALTED = 'halted'

/** Presents one batch. `signal` ends a request that would not outlive the page anyway. Never rejects. */
export type Send = (text: string, signal: AbortSignal) => Promise<Answer>

/** One batch that the browser is to send by itself when the page is gone, crash included. Its answer reaches nobody. */
export interface DeferredCopy {
  /** In the place of the one before. Does nothing where the browser can't, or the batch is too large. */
  arm: (text: string) => void
  disarm: () => void
}
