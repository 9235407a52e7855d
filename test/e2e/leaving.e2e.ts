import type { Page } from 'playwright'
import { expect } from 'vitest'
import { flush, markersOf, statsOf, streamOf } from '../harness/client.ts'
import { proveComplete } from '../harness/completeness.ts'
import { test } from '../harness/fixtures.ts'
import { scale } from '../harness/scale.ts'

const LEAVES = 100 * scale

test(`an event tracked in the tick in which the page is left is stored once and arrives once, ${LEAVES} times out of ${LEAVES}`, async ({
  openApp,
  site,
  destination,
}) => {
  const page = await openApp()
  // Other scripts listen too, and between two listeners the promises of the page go on.
  await page.addInitScript(() => addEventListener('pagehide', () => {}))
  await leaveAgainAndAgain(page, site.plainPage)

  expect(await flush(page)).toEqual({ recorded: true })
  expect(await statsOf(page)).toMatchObject({ seq: LEAVES, pending: 0, dropped: 0 })
  const streamId = await streamOf(page)
  const markers = markersOf(proveComplete(destination.deliveries, streamId))
  expect(markers).toEqual(numbersTo(LEAVES))
})

test('the same while another tab of the site writes without pause', async ({ openApp, site, destination }) => {
  const page = await openApp()
  const busy = await openApp()
  await busy.evaluate(() => {
    const writeOn = async (): Promise<void> => {
      await Promise.all(Array.from({ length: 20 }, () => window.waybill.track('Busy')))
      setTimeout(writeOn, 5)
    }
    void writeOn()
  })
  await leaveAgainAndAgain(page, site.plainPage)
  await busy.close()

  expect(await flush(page)).toEqual({ recorded: true })
  const lines = proveComplete(destination.deliveries, await streamOf(page))
  const left = lines.filter((line) => 'event' in line && line.event === 'Left')
  expect(markersOf(left)).toEqual(numbersTo(LEAVES))
})

test('the same for what is tracked while leaving: several events in one listener, and more in another', async ({
  openApp,
  site,
  destination,
}) => {
  const page = await openApp()
  await page.addInitScript(() => {
    const trackAll = (...names: string[]) => {
      // The page that listens may be one without the SDK.
      for (const name of names) void window.waybill?.track(name)
    }
    addEventListener('load', () => {
      addEventListener('pagehide', () => trackAll('a', 'b', 'c'))
      addEventListener('pagehide', () => trackAll('d'))
    })
  })
  await page.reload()
  await leaveAgainAndAgain(page, site.plainPage)

  expect(await flush(page)).toEqual({ recorded: true })
  const lines = proveComplete(destination.deliveries, await streamOf(page))
  const names = lines.map((line) => ('event' in line ? line.event : line.type))
  // Every page with the SDK was left by one of the leaves, or, between two of them, by opening it anew.
  expect(names).toEqual(numbersTo(LEAVES).flatMap(() => ['Left', 'a', 'b', 'c', 'd']))
})

const numbersTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

/** Tracks `Left` with its number in the tick in which the page is left, LEAVES times, and ends where it began. */
async function leaveAgainAndAgain(page: Page, plainPage: string): Promise<void> {
  const app = page.url()
  for (let marker = 1; marker <= LEAVES; marker += 1) {
    // Half the leaves end on a page without the SDK, half on one that stamps what this one left behind.
    const next = `${marker % 2 === 0 ? app : `${plainPage}?`}&after=${marker}`
    await statsOf(page)
    await Promise.all([
      page.waitForURL(next),
      page.evaluate(
        ([marker, next]) => {
          // Later and later after the start, so that the leaves meet the flush of the start in each of its steps.
          setTimeout(
            () => {
              void window.waybill.track('Left', { marker })
              location.href = next
            },
            (marker % 20) * 5,
          )
        },
        [marker, next] as const,
      ),
    ])
    if (marker % 2 === 1) await page.goto(app)
  }
}
