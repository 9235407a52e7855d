/** What a page's life does to a buffer. */
export interface Living {
  /** The page is no longer looked at, and may never be again: send what there is. */
  flushNow: () => void
  /** The page is going, for good or into the back/forward cache, or is about to stand still. */
  leave: () => void
  /** The page runs: for the first time, again, or, with `online`, on a device that is connected again. */
  run: (online?: boolean) => void
}

/**
 * Tells a buffer of its page's life; returns the function that stops it. On `window`, because `pagehide` never fires on
 * `document`; never `unload`, which bars the page from the back/forward cache.
 */
export function observeLifecycle({ flushNow, leave, run }: Living): () => void {
  if (typeof document === 'undefined') return () => {}
  const stop = new AbortController()
  const listeners: [EventTarget, string, () => void][] = [
    [document, 'visibilitychange', () => (document.hidden ? flushNow() : run())],
    [window, 'pagehide', leave],
    [window, 'pageshow', () => run()],
    [document, 'freeze', leave],
    [document, 'resume', () => run()],
    [window, 'online', () => run(true)],
  ]
  for (const [target, type, listener] of listeners) target.addEventListener(type, listener, { signal: stop.signal })
  return () => stop.abort()
}
