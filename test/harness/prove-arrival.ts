import type { Page } from 'playwright'
import { expect } from 'vitest'
import { flush, markersOf, statsOf, streamOf } from './client.ts'
import { proveComplete } from './completeness.ts'
import type { Destination, Line } from './destination.ts'

/**
 * Proves that markers 1 to `count`, and nothing else, arrived in order, and that nothing of a page's buffer waits or is
 * in trouble any more. Returns what arrived.
 */
export async function proveArrival(page: Page, destination: Destination, count: number): Promise<Line[]> {
  expect(await flush(page)).toEqual({ recorded: true })
  const lines = proveComplete(destination.deliveries, await streamOf(page))
  expect(markersOf(lines)).toEqual(Array.from({ length: count }, (_, index) => index + 1))
  const stats = await statsOf(page)
  expect(stats).toMatchObject({ pending: 0, bytes: 0, cuts: 0, recorded: count, rejected: 0, dropped: 0 })
  expect([stats.retryAt, stats.lastError]).toEqual([undefined, undefined])
  return lines
}
