// biome-ignore-all lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures a fixture needs

import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import type { CollectorOptions } from '@waybill/collector'
import { type Limits, limits } from '@waybill/protocol'
import type { Page } from 'playwright'
import { test as base, describe, expect } from 'vitest'
import { openBrowser } from '../harness/browser.ts'
import { flush, statsOf, streamOf, trackMany } from '../harness/client.ts'
import { countSeqs, proveComplete } from '../harness/completeness.ts'
import { startDestination } from '../harness/destination.ts'
import { startNodeCollector } from '../harness/node-collector.ts'
import { proveArrival } from '../harness/prove-arrival.ts'
import { startSite } from '../harness/site.ts'
import { beginFlush, openTab as open, type TabOptions, toldTo, trackNoise } from '../harness/tabs.ts'

/** The build for a script tag. */
const SCRIPT = join(import.meta.dirname, '../../packages/browser/dist/waybill.js')

/** A test on a whole path whose collector, the real one, can be set up as the test wants. */
const test = base
  .extend('destination', { scope: 'file' }, async ({}, { onCleanup }) => {
    const destination = await startDestination()
    onCleanup(destination.close)
    return destination
  })
  .extend('site', { scope: 'file' }, async ({}, { onCleanup }) => {
    const site = await startSite()
    onCleanup(site.close)
    return site
  })
  .extend('browser', { scope: 'file' }, async ({}, { onCleanup }) => {
    const browser = await openBrowser()
    onCleanup(browser.close)
    return browser
  })
  .extend('collector', async ({ destination }, { onCleanup }) => {
    const collector = await startNodeCollector({ webhook: destination })
    onCleanup(collector.close)
    return collector
  })
  .extend('openTab', async ({ browser, site, collector }, { onCleanup }) => {
    const pages: Page[] = []
    onCleanup(async () => {
      for (const page of pages) await page.close()
    })
    return async (options: TabOptions = {}): Promise<Page> => {
      const page = await open({ browser, site }, { endpoint: collector.url, writeKey: collector.writeKey, ...options })
      pages.push(page)
      return page
    }
  })

describe('a collector that takes less than the SDK sends gets all of it, in halves, and nobody is told of trouble:', () => {
  // The least that a collector can be set to: one event of any sender has to fit.
  const least = limits.headerBytes + 1 + limits.eventBytes
  test.for<[lowered: Partial<Limits>, count: number, letters: number]>([
    [{ batchEvents: 4 }, 30, 10],
    [{ batchEvents: 1 }, 5, 10],
    [{ batchBytes: least }, 20, 10_000],
    [{ bodyBytes: least }, 20, 10_000],
    [{ batchEvents: 3, batchBytes: least, bodyBytes: least }, 20, 10_000],
  ])('%j', async ([lowered, count, letters], { openTab, collector, destination }) => {
    collector.configure({ limits: lowered })
    const page = await openTab()
    await trackNoise(page, count, letters)
    await proveArrival(page, destination, count)
    expect(await toldTo(page)).toEqual([])

    const streamId = await streamOf(page)
    const most = Math.max(...destination.deliveries.filter(isOf(streamId)).map(({ lines }) => lines.length))
    expect(most).toBeLessThan(count)
    expect(most).toBeLessThanOrEqual(lowered.batchEvents ?? count)
  })
})

const isOf =
  (streamId: string) =>
  ({ batchId }: { batchId: string }) =>
    batchId.startsWith(streamId)

describe('a site that the collector refuses keeps its events, is told, and is taken at its word once that is mended:', () => {
  test.for<[code: string, options: Partial<CollectorOptions>]>([
    ['unknown_key', { keys: [{ key: 'wk_another', id: 'another', origins: 'localhost' }] }],
    ['origin_not_allowed', { keys: [{ key: 'wk_dev', id: 'dev', origins: ['https://www.example.com'] }] }],
    ['not_found', { path: '/v2/events' }],
  ])('%s', async ([code, options], { openTab, collector, destination }) => {
    collector.configure(options)
    const page = await openTab({ chance: 1 })
    await trackMany(page, 6)
    await beginFlush(page)
    await expect.poll(() => toldTo(page)).toEqual([code])
    const { lastError, retryAt = '', pending } = await statsOf(page)
    expect([lastError?.code, pending]).toEqual([code, 6])
    expect(lastError?.detail).toMatch(/\w/)
    expect(Math.round((Date.parse(retryAt) - Date.parse(lastError?.at ?? '')) / 1_000)).toBe(60)

    collector.configure({})
    await proveArrival(page, destination, 6)
  })
})

test('a page that sends more often than its key may waits as long as it is told to, and loses nothing', async ({
  openTab,
  collector,
  destination,
}) => {
  const rate = { limit: 3, period: 1 }
  collector.configure({
    keys: [{ key: collector.writeKey, id: 'dev', origins: 'localhost', rate }],
    limits: { batchEvents: 3 },
  })
  const page = await openTab()
  await trackMany(page, 8)
  await proveArrival(page, destination, 8)
  expect(new Set(await toldTo(page))).toEqual(new Set(['rate_limited']))
  // Each batch came once: what was limited was not taken.
  const streamId = await streamOf(page)
  const ids = destination.deliveries.filter(isOf(streamId)).map(({ batchId }) => batchId)
  expect(new Set(ids).size).toBe(ids.length)
})

test('a page brings the token of its site, and another one when the collector asks for it', async ({
  browser,
  site,
  collector,
  destination,
  onTestFinished,
}) => {
  const key = { key: collector.writeKey, id: 'dev', origins: 'localhost' } as const
  const [secret, later] = ['the secret of a backend, long enough', 'the secret it has later, long enough']
  collector.configure({ keys: [{ ...key, tokenSecrets: [secret] }] })
  const page = await browser.newPage()
  onTestFinished(() => page.close())
  const minted: string[] = []
  await page.route('**/waybill-token', (route) => {
    const by = minted.length === 0 ? secret : later
    minted.push(by)
    const exp = Math.floor(Date.now() / 1_000) + 300
    return route.fulfill({ body: toJwt({ aud: 'dev', exp }, by) })
  })
  await page.route('**/waybill.js', (route) => route.fulfill({ path: SCRIPT }))
  await page.goto(
    site.htmlPage(
      `<script src="/waybill.js" data-key="${collector.writeKey}" data-endpoint="${collector.url}" data-page="off"
        data-token="/waybill-token"></script>`,
    ),
  )
  await trackMany(page, 2)
  expect(await flush(page)).toEqual({ recorded: true })
  collector.configure({ keys: [{ ...key, tokenSecrets: [later] }] })
  await trackMany(page, 2)
  expect(await flush(page)).toEqual({ recorded: true })
  expect(minted).toEqual([secret, later])
  expect(countSeqs(destination.deliveries, await streamOf(page))).toBe(4)
})

function toJwt(claims: object, secret: string): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

test('events that a collector rejects by name leave a tombstone each, and their neighbours are recorded', async ({
  openTab,
  collector,
  destination,
}) => {
  collector.configure({ limits: { propertiesBytes: 100 } })
  const page = await openTab()
  await trackMany(page, 2)
  await trackMany(page, 2, { note: 'x'.repeat(100) })
  await trackMany(page, 2)
  expect(await flush(page)).toEqual({ recorded: true })
  expect(proveComplete(destination.deliveries, await streamOf(page)).map(({ type }) => type)).toEqual([
    ...['track', 'track'],
    ...['rejected', 'rejected'],
    ...['track', 'track'],
  ])
  expect(await statsOf(page)).toMatchObject({ pending: 0, recorded: 4, rejected: 2 })
})

test('a whole batch of events that are rejected gets an answer that is not too long', async ({
  openTab,
  collector,
  destination,
}) => {
  collector.configure({ limits: { propertiesBytes: 1 } })
  const page = await openTab()
  await trackMany(page, limits.batchEvents)
  expect(await flush(page)).toEqual({ recorded: true })
  expect(await statsOf(page)).toMatchObject({ pending: 0, recorded: 0, rejected: limits.batchEvents })
  expect(countSeqs(destination.deliveries, await streamOf(page))).toBe(limits.batchEvents)
})
