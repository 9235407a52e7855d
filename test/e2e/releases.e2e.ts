import type { Page } from 'playwright'
import { expect } from 'vitest'
import { flush, markersOf, statsOf, streamOf, trackRange } from '../harness/client.ts'
import { proveComplete } from '../harness/completeness.ts'
import type { Line } from '../harness/destination.ts'
import { readStored, recordOf } from '../harness/stored.ts'
import { test } from '../harness/tab-fixtures.ts'

const formatOf = async (page: Page, name: string) => recordOf(await readStored(page, name), 'state').format
const sessionEvents = (lines: readonly Line[]) => lines.map((line) => eventsIn(line, 'session'))
const journeyEvents = (lines: readonly Line[]) => lines.map((line) => eventsIn(line, 'journey'))
const eventsIn = (line: Line, name: string) =>
  ('state' in line && (line.state?.[name] as { events: number } | undefined)?.events) || undefined

/** What a call resolves to whose event somebody else is going to stamp. */
const unstamped = { status: 'durable' }

/** Tracks a marker while the page is being left for another one. */
const leaveWith = (page: Page, marker: number, url: string) =>
  Promise.all([
    page.waitForURL(url),
    page.evaluate(
      ([marker, url]) => {
        addEventListener('pagehide', () => void window.waybill.track('Marked', { marker }))
        location.href = url
      },
      [marker, url] as const,
    ),
  ])

test('a tab of an older release, open when the next release comes, goes on raw, and the newer one stamps its events once', async ({
  openTab,
  site,
  destination,
}) => {
  const name = 'older-first'
  const older = await openTab({ name })
  expect(await trackRange(older, 1, 2)).toEqual([1, 2].map((seq) => ({ ...unstamped, seq })))
  const newer = await openTab({ name, release: 'next' })
  expect(await trackRange(newer, 3)).toEqual([{ ...unstamped, seq: 3 }])
  expect(await formatOf(newer, name)).toBe(2)

  expect(await trackRange(older, 4, 5)).toEqual([unstamped, unstamped])
  expect(await flush(newer)).toEqual({ recorded: true })
  expect(await trackRange(older, 6)).toEqual([unstamped])
  await leaveWith(older, 7, site.plainPage)
  expect(await flush(newer)).toEqual({ recorded: true })

  const lines = proveComplete(destination.deliveries, await streamOf(newer))
  expect(markersOf(lines)).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(sessionEvents(lines)).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(journeyEvents(lines)).toEqual([undefined, undefined, 1, 2, 3, 4, 5])
})

test('an older release that comes back after the next one writes raw for as long as it takes, and loses nothing', async ({
  openTab,
  proxy,
  destination,
}) => {
  const name = 'newer-first'
  const newer = await openTab({ name, release: 'next' })
  expect(await trackRange(newer, 1, 2)).toEqual([1, 2].map((seq) => ({ ...unstamped, seq })))
  expect(await flush(newer)).toEqual({ recorded: true })
  const before = recordOf(await readStored(newer, name), 'state')
  await newer.close()

  const older = await openTab({ name })
  const presented = proxy.batches().length
  expect(await trackRange(older, 3, 4)).toEqual([unstamped, unstamped])
  expect(await flush(older, { timeout: 1_000 })).toEqual({ recorded: false, pending: 2, reason: 'timeout' })
  await older.reload()
  expect(await trackRange(older, 5)).toEqual([unstamped])
  expect(recordOf(await readStored(older, name), 'state')).toEqual(before)
  expect(proxy.batches()).toHaveLength(presented)

  const again = await openTab({ name, release: 'next' })
  expect(await flush(again)).toEqual({ recorded: true })
  expect(await flush(older)).toEqual({ recorded: true })
  const lines = proveComplete(destination.deliveries, await streamOf(again))
  expect(markersOf(lines)).toEqual([1, 2, 3, 4, 5])
  expect(journeyEvents(lines)).toEqual([1, 2, 3, 4, 5])
  expect(await statsOf(again)).toMatchObject({ pending: 0, dropped: 0, recorded: 5 })
})

test('what an accumulator has gathered that this release does not know rides on its events untouched', async ({
  openTab,
  destination,
}) => {
  const name = 'same-format'
  const newer = await openTab({ name, release: 'same format' })
  const older = await openTab({ name })
  await trackRange(newer, 1, 2)
  expect(await trackRange(older, 3, 4)).toEqual([3, 4].map((seq) => ({ ...unstamped, seq })))
  await trackRange(newer, 5)
  expect(await flush(older)).toEqual({ recorded: true })
  const lines = proveComplete(destination.deliveries, await streamOf(newer))
  expect(markersOf(lines)).toEqual([1, 2, 3, 4, 5])
  expect(sessionEvents(lines)).toEqual([1, 2, 3, 4, 5])
  expect(journeyEvents(lines)).toEqual([1, 2, 2, 2, 3])
})
