import type { Transition } from '../core/transition.ts'

/**
 * Calls back on the page's transitions; returns the function that stops it. On `window`, because `pagehide` never
 * fires on `document`; never `unload`, which bars the page from the back/forward cache.
 */
export function observeLifecycle(onTransition: (transition: Transition) => void): () => void {
  if (typeof document === 'undefined') return () => {}
  const stop = new AbortController()
  const transitions: [EventTarget, string, Transition?][] = [
    [document, 'visibilitychange'],
    [window, 'pagehide', 'left'],
    [window, 'pageshow', 'running'],
    [document, 'freeze', 'left'],
    [document, 'resume', 'running'],
    [window, 'online', 'online'],
  ]
  for (const [target, type, transition] of transitions) {
    const listener = () => onTransition(transition ?? (document.hidden ? 'hidden' : 'running'))
    target.addEventListener(type, listener, { signal: stop.signal })
  }
  return () => stop.abort()
}
