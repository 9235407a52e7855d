/** What a page says when it asks what to do next. */
export interface Report {
  /** Another one for each time that a document is loaded, or shown again out of the back/forward cache. */
  shown: string
  href: string
  result?: { id: number; value?: unknown; error?: string }
}

interface Task {
  id: number
  code: string
}

/**
 * Runs in the page, before all of its scripts: does what {@link openControl}'s server tells it to. The tab learns the
 * server's address from the fragment of its first URL, and keeps it over reloads and navigations.
 */
export function controlAgent(): void {
  const KEY = 'control'
  const [, given] = /^#control=(.+)$/.exec(location.hash) ?? []
  if (given) {
    sessionStorage.setItem(KEY, given)
    history.replaceState(history.state, '', location.pathname + location.search)
  }
  const control = sessionStorage.getItem(KEY)
  if (!control) return

  const ask = async (report: Report): Promise<Task> => {
    const response = await fetch(control, { method: 'POST', body: JSON.stringify(report) })
    return response.json()
  }
  const perform = async ({ id, code }: Task) => {
    try {
      return { id, value: await new Function(`return ${code}`)() }
    } catch (error) {
      return { id, error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) }
    }
  }
  const obey = async () => {
    const shown = crypto.randomUUID()
    let task = await ask({ shown, href: location.href })
    for (;;) task = await ask({ shown, href: location.href, result: await perform(task) })
  }
  // What fails is a page that is leaving, or a test that is over.
  const start = () => void obey().catch(() => {})

  // Not before the page is in the tab's history: what is navigated away from in its load event leaves no entry.
  addEventListener('load', () => setTimeout(start))
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) start()
  })
}
