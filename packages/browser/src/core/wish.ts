import type { ConsentDecision } from './consent.ts'

/**
 * What the visitor wants done with the buffer. Written down at once, because the page may be reloaded before the store
 * has heard of it; whoever looks at the store next does what is still to be done. A denial stays written down: it must
 * hold where the store can't be read, too.
 */
export interface Wish {
  /** ms since 1970, and of no other wish. The store says which one was done last. */
  at: number
  consent?: ConsentDecision | undefined
  /** Empty the buffer, and end the stream. */
  forget?: boolean
  /** Only what was before this, ms since 1970: `at` may be later than the clock was. Default: `at`. */
  since?: number
}

export interface Wishes {
  read: () => Wish | undefined
  /** Other tabs hear of it. */
  write: (wish: Wish) => void
  clear: () => void
}

/**
 * Whether a later wish was done already.
 *
 * @param wishedAt the last one that was done
 * @param now ms since 1970: not by its time alone, for the clock may have been set back since. What comes to light again
 * then is done once more: better than a denial that is not
 */
export const isOutdated = (at: number, wishedAt: number, now: number): boolean => at < wishedAt && wishedAt <= now
