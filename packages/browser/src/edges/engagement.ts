/** A page that does not run hears no beat: what lies between two of them counts only as far as they should. In ms. */
const BEAT = 1_000

/**
 * Counts the time in which the page is visible and has the focus. A page that stands still, as on a sleeping device, is not
 * engaged.
 *
 * @returns what reads how many ms have come since it was read before
 */
export function observeEngagement(signal: AbortSignal): () => number {
  if (typeof document === 'undefined') return () => 0
  let engaged = 0
  let since: number | undefined
  let timer: ReturnType<typeof setInterval> | undefined
  const add = () => {
    const at = performance.now()
    if (since !== undefined) engaged += Math.min(at - since, 2 * BEAT)
    since = timer === undefined ? undefined : at
  }
  const look = () => {
    const isEngaged = !document.hidden && document.hasFocus() && !signal.aborted
    add()
    if (isEngaged === (timer !== undefined)) return
    clearInterval(timer)
    timer = isEngaged ? setInterval(add, BEAT) : undefined
    since = isEngaged ? performance.now() : undefined
  }
  for (const type of ['focus', 'blur', 'pageshow', 'pagehide']) addEventListener(type, look, { signal })
  for (const type of ['visibilitychange', 'freeze', 'resume']) document.addEventListener(type, look, { signal })
  signal.addEventListener('abort', look)
  look()
  return () => {
    add()
    const read = Math.round(engaged)
    engaged -= read
    return read
  }
}
