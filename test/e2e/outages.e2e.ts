import { expect } from 'vitest'
import { flush, markersOf, statsOf, streamOf, trackMany } from '../harness/client.ts'
import { countSeqs, proveComplete } from '../harness/completeness.ts'
import { test } from '../harness/fixtures.ts'

const COUNT = 60
const markers = Array.from({ length: COUNT }, (_, index) => index + 1)

test('a visit that is offline from its first event to its end is delivered by the next visit', async ({
  openApp,
  browser,
  proxy,
  destination,
}) => {
  const page = await openApp()
  await browser.setOffline(true)
  proxy.refuse() // What the browser sends by itself when the page is gone (`fetchLater`) escapes the emulation.
  await trackMany(page, COUNT)
  const streamId = await streamOf(page)
  expect(await statsOf(page)).toMatchObject({ pending: COUNT, recorded: 0 })
  await browser.quit()
  expect(countSeqs(destination.deliveries, streamId)).toBe(0)

  proxy.pass()
  await browser.reopen()
  const nextVisit = await openApp()
  await flush(nextVisit)

  await destination.until((deliveries) => countSeqs(deliveries, streamId) === COUNT)
  expect(markersOf(proveComplete(destination.deliveries, streamId))).toEqual(markers)
})

test('a proxy that answers 400 with HTML to everything rejects nothing, and all arrives when it is gone', async ({
  openApp,
  proxy,
  destination,
}) => {
  const page = await openApp()
  proxy.answerWithHtml()
  await trackMany(page, COUNT)
  await expect.poll(() => proxy.batches().length).toBeGreaterThan(0)
  expect(await flush(page, { timeout: 1_000 })).toMatchObject({ recorded: false, pending: COUNT })
  expect(await statsOf(page)).toMatchObject({ pending: COUNT, recorded: 0, rejected: 0, dropped: 0 })

  proxy.pass()
  expect(await flush(page)).toEqual({ recorded: true })

  expect(markersOf(proveComplete(destination.deliveries, await streamOf(page)))).toEqual(markers)
  expect(await statsOf(page)).toMatchObject({ pending: 0, recorded: COUNT, rejected: 0 })
})

test('a destination that is down for a while holds the events back in the browser, and gets all of them afterwards', async ({
  openApp,
  destination,
}) => {
  const page = await openApp()
  destination.refuse(true)
  const before = destination.requests()
  await trackMany(page, COUNT)
  await expect.poll(() => destination.requests()).toBeGreaterThan(before)
  expect(await statsOf(page)).toMatchObject({ pending: COUNT, recorded: 0 })

  destination.refuse(false)
  expect(await flush(page)).toEqual({ recorded: true })

  expect(markersOf(proveComplete(destination.deliveries, await streamOf(page)))).toEqual(markers)
})
