import type { Accumulator } from './core/accumulator.ts'
import { foldPageView, type PageView } from './core/accumulators/page-view.ts'
import { observeEngagement } from './edges/engagement.ts'

/** The page view that an event is of, as `state.page`, with the time in which the page was looked at. */
export const pageView = (): Accumulator<'page', PageView> => ({ ...foldPageView, measure: observeEngagement })
