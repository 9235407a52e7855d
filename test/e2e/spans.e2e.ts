import { expect } from 'vitest'
import { streamOf } from '../harness/client.ts'
import { countSeqs, proveComplete } from '../harness/completeness.ts'
import type { Line } from '../harness/destination.ts'
import { test } from '../harness/fixtures.ts'

const inShort = (lines: readonly Line[]) =>
  lines.map((line) => {
    const { event, span } = line as { event?: string; span?: { outcome: string } }
    return span ? `${event} ${span.outcome}` : event
  })

test('a span goes on after a reload and is ended by another tab', async ({ openApp, destination }) => {
  const page = await openApp()
  const reloaded = page.waitForEvent('load')
  await page.evaluate(() => {
    window.waybill.start('Checkout', { plan: 'pro' }).set({ step: 1 })
    location.reload()
  })
  await reloaded
  await page.evaluate(() => window.waybill.start('Checkout').add('reloads'))
  const other = await openApp()
  await other.evaluate(() => window.waybill.start('Checkout').end({ total: 42 }))
  expect(await page.evaluate(() => window.waybill.start('Video').end())).toMatchObject({ seq: 2 })
  const streamId = await streamOf(other)
  await destination.until((deliveries) => countSeqs(deliveries, streamId) === 2)
  const lines = proveComplete(destination.deliveries, streamId)
  expect(inShort(lines)).toEqual(['Checkout completed', 'Video completed'])
  expect(lines[0]).toMatchObject({ properties: { plan: 'pro', step: 1, reloads: 1, total: 42 } })
})
