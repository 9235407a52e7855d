/** What a page's life does to a buffer. */
export interface Living {
  /** The page is no longer looked at, and may never be again: send what there is. */
  flushNow: () => void
  /** The page is going, for good or into the back/forward cache, or is about to stand still. */
  leave: () => void
  /** The page is asked whether it may go. A page that closes itself hears nothing more in some browsers. */
  maybeLeave: () => void
  /** The page runs: for the first time, again, or, with `online`, on a device that is connected again. */
  run: (online?: boolean) => void
}

/**
 * Tells a buffer of its page's life until `signal` aborts. On `window`, because `pagehide` never fires on
 * `document`; never `unload`, which bars the page from the back/forward cache as `beforeunload` does not.
 */
export function observeLifecycle({ flushNow, leave, maybeLeave, run }: Living, signal: AbortSignal): void {
  if (typeof document === 'undefined') return
  const listeners: [EventTarget, string, () => void][] = [
    [document, 'visibilitychange', () => (document.hidden ? flushNow() : run())],
    [window, 'beforeunload', maybeLeave],
    [window, 'pagehide', leave],
    [window, 'pageshow', () => run()],
    [document, 'freeze', leave],
    [document, 'resume', () => run()],
    [window, 'online', () => run(true)],
  ]
  for (const [target, type, listener] of listeners) target.addEventListener(type, listener, { signal })
}
