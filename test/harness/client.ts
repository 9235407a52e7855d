import type { TrackResult } from '@waybill/browser'
import type { Page } from 'playwright'
import { expect } from 'vitest'
import type { Line } from './destination.ts'
import type { Proxy as NetworkProxy } from './proxy.ts'

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

/** Tracks markers from `from` to `to` in one burst and returns what each promise resolved to. */
export const trackRange = (page: Page, from: number, to: number = from): Promise<TrackResult[]> =>
  page.evaluate(
    ([from, to]) =>
      Promise.all(
        Array.from({ length: to - from + 1 }, (_, index) => window.waybill.track('Marked', { marker: from + index })),
      ),
    [from, to] as const,
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

/**
 * Resolves when the page does nothing any more of what it does by itself: it flushes when it starts, and once more at its
 * `pageshow`, and what a test tracks too soon would go with that. A flush asks for the lock in the tick in which it begins.
 */
export const startedUp = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    await new Promise((resolve) => setTimeout(resolve)) // `pageshow` follows `load` at once.
    await window.waybill.flush()
    const { locks } = navigator
    await locks?.request('who am I', async () => {
      const me = (await locks.query()).held?.find(({ name }) => name === 'who am I')?.clientId
      for (let busy = true; busy; ) {
        const { held = [], pending = [] } = await locks.query()
        busy = [...held, ...pending].some(({ clientId, name }) => clientId === me && name !== 'who am I')
      }
    })
  })

/** The markers of {@link trackMany} in the order of arrival; a tombstone has none. */
export const markersOf = (lines: readonly Line[]): unknown[] =>
  lines.map((line) => ('properties' in line ? line.properties?.marker : undefined))

/** The seq that each call was given; none for one that was dropped. */
export const seqsOf = (outcomes: readonly TrackResult[]): (number | undefined)[] =>
  outcomes.map((outcome) => (outcome.status === 'dropped' ? undefined : outcome.seq))

/** What arrived, in short: each seq, or range of them, with the event's marker or the tombstone's reason. */
export const inShort = (lines: readonly Line[]): string[] =>
  lines.map((line) =>
    'reason' in line
      ? `${line.seq}${line.through ? `-${line.through}` : ''} ${line.type} ${line.reason}`
      : `${line.seq} ${'properties' in line && line.properties?.marker}`,
  )

/**
 * What `handOver` tracks is cut, and nobody takes it. The outage is there before it: were it to begin after,
 * the page could have presented some of it already, and nobody could say whether that arrived.
 */
export async function beginOutage(page: Page, proxy: NetworkProxy, handOver: () => Promise<unknown>): Promise<void> {
  proxy.refuse()
  await handOver()
  await flush(page, { timeout: 100 })
  await expect.poll(async () => (await statsOf(page)).lastError?.code).toBe('outage')
  expect((await statsOf(page)).cuts).toBe(1)
}
