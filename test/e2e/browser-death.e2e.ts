import { expect } from 'vitest'
import { readCuts } from '../harness/buffer.ts'
import { flush, markersOf, seqsOf, statsOf, streamOf, trackMany } from '../harness/client.ts'
import { countSeqs, proveComplete } from '../harness/completeness.ts'
import { test } from '../harness/fixtures.ts'

test('a browser killed with 200 durable events delivers all of them when it is back, in the batches it had cut', async ({
  openApp,
  browser,
  collector,
  destination,
}) => {
  await collector.kill()
  const page = await openApp()
  const outcomes = await trackMany(page, 200)
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['durable']))
  const streamId = await streamOf(page)
  await expect.poll(() => readCuts(page)).not.toHaveLength(0)
  const cuts = await readCuts(page)

  await browser.kill()
  await browser.reopen()
  await collector.restart()
  const pageAfter = await openApp()
  expect(await statsOf(pageAfter)).toMatchObject({ streamId, pending: 200 })
  await flush(pageAfter)

  await destination.until((deliveries) => countSeqs(deliveries, streamId) === 200)
  await expect.poll(() => statsOf(pageAfter)).toMatchObject({ pending: 0, recorded: 200 })
  const events = proveComplete(destination.deliveries, streamId)
  expect(events.map(({ seq }) => seq)).toEqual(seqsOf(outcomes))
  expect(markersOf(events)).toEqual(outcomes.map((_, index) => index + 1))
  const delivered = destination.deliveries.map(({ batchId }) => batchId)
  expect(delivered).toEqual(expect.arrayContaining(cuts.map((cut) => `${cut.streamId}:${cut.first}-${cut.last}`)))
})
