import type { Page } from 'playwright'
import { expect } from 'vitest'
import { seqsOf, statsOf, streamOf } from '../harness/client.ts'
import { countSeqs, proveComplete } from '../harness/completeness.ts'
import { test } from '../harness/fixtures.ts'
import { scale } from '../harness/scale.ts'

const PER_TAB = { left: 334 * scale, middle: 333 * scale, right: 333 * scale }
const ALL = 1_000 * scale

/** Soon and often, and as patient as a page is by default: a collector waits for the one before it, which died with the batch. */
const OPTIONS = { flushAt: 10, flushInterval: 100 }

test(`three tabs track ${ALL} events while the collector is killed twice with a request in flight: each event arrives once and in order`, async ({
  openApp,
  collector,
  destination,
}) => {
  const tabs = { left: await openApp(OPTIONS), middle: await openApp(OPTIONS), right: await openApp(OPTIONS) }

  let held = destination.holdNext()
  const tracking = Promise.all([
    trackOneByOne(tabs.left, 'left', PER_TAB.left),
    trackOneByOne(tabs.middle, 'middle', PER_TAB.middle),
    trackOneByOne(tabs.right, 'right', PER_TAB.right),
  ])
  for (const _ of ['first death', 'second death']) {
    await held.inFlight
    await collector.kill()
    held.release()
    held = destination.holdNext()
    await collector.restart()
    await endBackoff(tabs.left)
  }
  held.release()

  const outcomes = (await tracking).flat()
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['durable']))
  expect(seqsOf(outcomes).toSorted(byNumber)).toEqual(numbersTo(ALL))

  const streamId = await streamOf(tabs.left)
  await destination.until((deliveries) => countSeqs(deliveries, streamId) === ALL)
  await expect.poll(() => statsOf(tabs.left)).toMatchObject({ pending: 0, recorded: ALL, rejected: 0 })
  const events = proveComplete(destination.deliveries, streamId)
  expect(events).toHaveLength(ALL)
  for (const [tab, count] of Object.entries(PER_TAB)) {
    const markers = events
      .map((event) => ('properties' in event ? event.properties : undefined))
      .filter((properties) => properties?.tab === tab)
      .map((properties) => properties?.marker)
    expect(markers, `the events of the ${tab} tab`).toEqual(numbersTo(count))
  }
})

const numbersTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

const byNumber = (a = 0, b = 0) => a - b

/** After failures in a row it is a minute and more, by chance; an app that asks is not kept waiting. */
const endBackoff = (page: Page) =>
  page.evaluate(() => {
    window.waybill.flush()
  })

/** One transaction an event, so that the tabs' writes interleave. */
const trackOneByOne = (page: Page, tab: string, count: number) =>
  page.evaluate(
    async ([tab, count]) => {
      const outcomes = []
      for (let marker = 1; marker <= count; marker += 1)
        outcomes.push(await window.waybill.track('Marked', { tab, marker }))
      return outcomes
    },
    [tab, count] as const,
  )
