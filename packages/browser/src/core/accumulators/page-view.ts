import type { Accumulator } from '../accumulator.ts'
import { pageOf } from '../page-of.ts'

export type PageView = {
  /** `<boot>.v<number>` */
  viewId: string
  /** `page` calls of this document so far; 0 before the first. */
  number: number
  startedAt: string
  path: string
  /** For how many ms of this view the page was visible and had the focus, up to this event. */
  engagedMs: number
  /** The view before in this document, complete. */
  previous?: { viewId: string; path: string; engagedMs: number }
}

/** One view of a page: begins with a `page` call, or with the document. */
export const foldPageView: Omit<Accumulator<'page', PageView>, 'measure'> = {
  name: 'page',
  scope: 'page',
  initial: { viewId: '', number: 0, startedAt: '', path: '', engagedMs: 0 },
  fold(value, event, { measured }) {
    const { viewId, number, path } = value
    const engagedMs = value.engagedMs + measured
    const isNext = event.type === 'page'
    if (viewId && !isNext) return { ...value, engagedMs }
    const next = number + (isNext ? 1 : 0)
    return {
      viewId: `${event.monotonic?.boot}.v${next}`,
      number: next,
      startedAt: number > 0 ? event.timestamp : value.startedAt || event.timestamp,
      path: pageOf(event).path,
      // What came before the first `page` call is of the first view.
      engagedMs: number > 0 ? 0 : engagedMs,
      ...(number > 0 && { previous: { viewId, path, engagedMs } }),
    }
  },
}
