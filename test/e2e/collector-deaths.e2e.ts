import type { Page } from 'playwright'
import { expect } from 'vitest'
import { seqsOf, statsOf, streamOf } from '../harness/client.ts'
import { countSeqs, proveComplete } from '../harness/completeness.ts'
import { test } from '../harness/fixtures.ts'

test('three tabs track 1,000 events while the collector is killed twice with a request in flight: each event arrives once and in order', async ({
  openApp,
  collector,
  destination,
}) => {
  const tabs = { left: await openApp(), middle: await openApp(), right: await openApp() }

  let held = destination.holdNext()
  const tracking = Promise.all([
    trackOneByOne(tabs.left, 'left', 334),
    trackOneByOne(tabs.middle, 'middle', 333),
    trackOneByOne(tabs.right, 'right', 333),
  ])
  for (const _ of ['first death', 'second death']) {
    await held.inFlight
    await collector.kill()
    held.release()
    held = destination.holdNext()
    await collector.restart()
  }
  held.release()

  const outcomes = (await tracking).flat()
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['durable']))
  expect(seqsOf(outcomes).toSorted(byNumber)).toEqual(numbersTo(1_000))

  const streamId = await streamOf(tabs.left)
  await destination.until((deliveries) => countSeqs(deliveries, streamId) === 1_000)
  await expect.poll(() => statsOf(tabs.left)).toMatchObject({ pending: 0, recorded: 1_000, rejected: 0 })
  const events = proveComplete(destination.deliveries, streamId)
  expect(events).toHaveLength(1_000)
  for (const [tab, count] of [['left', 334] as const, ['middle', 333] as const, ['right', 333] as const]) {
    const markers = events
      .map((event) => ('properties' in event ? event.properties : undefined))
      .filter((properties) => properties?.tab === tab)
      .map((properties) => properties?.marker)
    expect(markers, `the events of the ${tab} tab`).toEqual(numbersTo(count))
  }
})

const numbersTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

const byNumber = (a = 0, b = 0) => a - b

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
