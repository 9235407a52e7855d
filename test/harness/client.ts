import type { TrackResult } from '@waybill/browser'
import type { Page } from 'playwright'
import type { Line } from './destination.ts'

/** Tracks `marker` from 1 to `count` in one burst and returns what each promise resolved to. */
export const trackMany = (page: Page, count: number, properties: Record<string, string> = {}) =>
  page.evaluate(
    ([count, properties]) =>
      Promise.all(
        Array.from({ length: count }, (_, index) =>
          window.waybill.track('Marked', { ...properties, marker: index + 1 }),
        ),
      ),
    [count, properties] as const,
  )

export const statsOf = (page: Page) => page.evaluate(() => window.waybill.stats())

/** The stream that the page's events belong to. */
export async function streamOf(page: Page): Promise<string> {
  const { streamId } = await statsOf(page)
  if (streamId === undefined) throw new Error('No event was tracked yet, so there is no stream')
  return streamId
}

/** Asks for a flush now, so that no test waits for a back-off that is made for long outages. */
export const flush = (page: Page, options: { timeout?: number } = { timeout: 30_000 }) =>
  page.evaluate((options) => window.waybill.flush(options), options)

/** The markers of {@link trackMany} in the order of arrival; a tombstone has none. */
export const markersOf = (lines: readonly Line[]): unknown[] =>
  lines.map((line) => ('properties' in line ? line.properties?.marker : undefined))

/** The seq that each call was given; none for one that was dropped. */
export const seqsOf = (outcomes: readonly TrackResult[]): (number | undefined)[] =>
  outcomes.map((outcome) => (outcome.status === 'dropped' ? undefined : outcome.seq))
