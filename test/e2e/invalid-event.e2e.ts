import { expect } from 'vitest'
import { spoilStoredEvent } from '../harness/buffer.ts'
import { flush, statsOf, streamOf, trackMany } from '../harness/client.ts'
import { proveComplete } from '../harness/completeness.ts'
import { test } from '../harness/fixtures.ts'

test('one invalid event among 50 is named and leaves a tombstone; its 49 neighbours are recorded', async ({
  openPatientApp,
  proxy,
  destination,
}) => {
  const page = await openPatientApp()
  proxy.refuse() // Nothing leaves before it is spoilt.
  await trackMany(page, 50)
  const streamId = await streamOf(page)
  await spoilStoredEvent(page, 17, { type: 'nonsense' })
  await page.evaluate(() => {
    const told: unknown[] = []
    window.waybill.on('recorded', (batch) => told.push(batch))
    window.waybill.on('rejected', (rejected) => told.push(rejected))
    Object.assign(window, { told })
  })

  proxy.pass()
  expect(await flush(page)).toEqual({ recorded: true })
  const rejected = { seq: 17, messageId: `${streamId}.17`, code: 'invalid_event' }
  expect(await page.evaluate(() => (window as unknown as { told: unknown[] }).told)).toMatchObject([
    { batchId: `${streamId}:1-50`, recorded: 49, rejected: [rejected] },
    rejected,
  ])

  const lines = proveComplete(destination.deliveries, streamId)
  expect(lines).toHaveLength(50)
  expect(lines.filter(({ type }) => type === 'rejected')).toEqual([
    expect.objectContaining({ streamId, seq: 17, type: 'rejected', reason: 'invalid_event' }),
  ])
  expect(await statsOf(page)).toMatchObject({ pending: 0, recorded: 49, rejected: 1, cuts: 0 })

  await trackMany(page, 1)
  expect(await flush(page)).toEqual({ recorded: true })
  expect(proveComplete(destination.deliveries, streamId)).toHaveLength(51)
})
