import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { flush, streamOf, trackMany } from '../harness/client.ts'
import { proveComplete } from '../harness/completeness.ts'
import { test } from '../harness/fixtures.ts'
import { clientBytes } from '../harness/proxy.ts'
import { readR2 } from '../harness/r2.ts'

test('a batch that the destination took without saying so comes again with the same id and bytes, and R2 holds it once', async ({
  openPatientApp,
  collector,
  destination,
  proxy,
}) => {
  const page = await openPatientApp()
  await trackMany(page, 20)
  const streamId = await streamOf(page)
  destination.loseNextAnswer()
  expect(await flush(page)).toEqual({ recorded: true })

  const batchId = `${streamId}:1-20`
  const deliveries = destination.deliveries.filter((delivery) => delivery.lines[0]?.streamId === streamId)
  expect(deliveries.map((delivery) => delivery.batchId)).toEqual([batchId, batchId])
  expect(proveComplete(deliveries, streamId)).toHaveLength(20)

  const presented = proxy.batches().map(clientBytes)
  expect(presented).toHaveLength(2)
  expect(presented[1]).toEqual(presented[0])

  const objects = (await readR2({ url: collector.url })).filter(({ key }) => key.includes(streamId))
  expect(objects).toHaveLength(1)
  const digest = createHash('sha256')
    .update(presented[0] ?? '')
    .digest('hex')
  expect(objects[0]?.customMetadata).toMatchObject({ digest })
})

test('an answer that is lost on its way to the browser leads to a repeat, not to a second object', async ({
  openPatientApp,
  collector,
  destination,
  proxy,
}) => {
  const page = await openPatientApp()
  await trackMany(page, 20)
  const streamId = await streamOf(page)
  proxy.loseNextAnswer()
  expect(await flush(page)).toEqual({ recorded: true })

  const [first, ...repeats] = proxy.batches().map(clientBytes)
  expect(repeats.length).toBeGreaterThan(0)
  for (const repeat of repeats) expect(repeat).toEqual(first)
  expect(proveComplete(destination.deliveries, streamId)).toHaveLength(20)
  expect((await readR2({ url: collector.url })).filter(({ key }) => key.includes(streamId))).toHaveLength(1)
})
