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
  const app = page.url()
  for (let marker = 1; marker <= LEAVES; marker += 1) {
    // Half the leaves end on a page without the SDK, half on one that stamps what this one left behind.
    const next = `${marker % 2 === 0 ? app : `${site.plainPage}?`}&after=${marker}`
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

  expect(await flush(page)).toEqual({ recorded: true })
  expect(await statsOf(page)).toMatchObject({ seq: LEAVES, pending: 0, dropped: 0 })
  const streamId = await streamOf(page)
  const markers = markersOf(proveComplete(destination.deliveries, streamId))
  expect(markers).toEqual(Array.from({ length: LEAVES }, (_, index) => index + 1))
})
