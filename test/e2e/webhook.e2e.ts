import { expect, test } from 'vitest'
import { makeBatch, toBody } from '../harness/batch.ts'
import { startCollector } from '../harness/collector-process.ts'
import { startDestination } from '../harness/destination.ts'
import { postBatch } from '../harness/post-batch.ts'
import { findWebhookFault } from '../harness/standard-webhook.ts'

test.for([
  { format: 'json', type: 'application/json', start: '[{' },
  { format: 'ndjson', type: 'application/x-ndjson', start: '{' },
] as const)('a webhook as $format is signed, and its id is the id of the batch', async ({ format, type, start }) => {
  await using destination = await startDestination()
  await using collector = await startCollector({
    webhook: { url: destination.url, secret: destination.secret, format },
  })
  const { header, events } = makeBatch({ count: 5 })
  const answer = await postBatch({ url: collector.url, key: collector.writeKey, body: toBody(header, events) })
  expect(answer).toMatchObject({ status: 200, body: { batchId: header.batchId, recorded: 5, rejected: [] } })

  expect(destination.faults).toEqual([])
  expect(destination.deliveries).toHaveLength(1)
  const [delivery] = destination.deliveries
  if (!delivery) throw new Error('There is a delivery')
  expect(delivery.batchId).toBe(header.batchId)
  expect(delivery.headers['content-type']).toContain(type)
  expect(delivery.body.startsWith(start)).toBe(true)
  expect(delivery.lines).toEqual(
    events.map((event) => ({ ...event, received: expect.objectContaining({ batchId: header.batchId }) })),
  )

  const forged = Buffer.from(delivery.body.replace('somebody', 'an enemy'))
  expect(findWebhookFault(delivery.headers, forged, destination.secret)).toContain('no signature matches')
})
