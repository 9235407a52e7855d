const INTERVAL = 1_000

/**
 * Refreshes at once, whenever the returned function is called, and once a second while the page can be seen: other
 * tabs share the buffer, and their work raises no event here. One refresh at a time.
 *
 * @param {() => Promise<void>} refresh
 * @returns {() => void}
 */
export function keepFresh(refresh) {
  let running = false
  let wanted = false

  async function run() {
    wanted = true
    if (running) return
    running = true
    while (wanted) {
      wanted = false
      await refresh()
    }
    running = false
  }

  const runWhenSeen = () => {
    if (!document.hidden) run()
  }
  setInterval(runWhenSeen, INTERVAL)
  document.addEventListener('visibilitychange', runWhenSeen)
  window.addEventListener('pageshow', runWhenSeen)
  run()
  return run
}
