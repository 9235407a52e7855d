import { describe, expect } from 'vitest'
import { breakOff, neverEnd, reset } from '../harness/answers.ts'
import { statsOf, trackMany } from '../harness/client.ts'
import { proveArrival } from '../harness/prove-arrival.ts'
import { type Act, clientBytes } from '../harness/proxy.ts'
import { test } from '../harness/tab-fixtures.ts'
import { beginFlush, clockOf, toldTo, trackNoise } from '../harness/tabs.ts'

const COUNT = 6

describe('a batch is kept, and arrives later, when', () => {
  test.for<[what: string, act: Act, code: string, detail: string]>([
    ['the connection ends before an answer', reset, 'outage', 'TypeError'],
    ['no answer ever comes', () => {}, 'outage', 'timeout'],
    ['the answer breaks off before its length', breakOff('with a length'), 'outage', 'TypeError'],
    ['the answer breaks off between chunks', breakOff('in chunks'), 'outage', 'TypeError'],
    ['the answer breaks off where nobody can tell', breakOff('until the end'), 'http_200', ''],
    ['the answer falls silent before its end', neverEnd('silence'), 'outage', 'timeout'],
    ['the answer goes on bit by bit for ever', neverEnd('drip'), 'outage', 'timeout'],
  ])('%s', async ([_, act, code, detail], { openTab, proxy, destination }) => {
    const page = await openTab({ requestTimeout: 300 })
    await trackMany(page, COUNT)
    proxy.act(act)
    await beginFlush(page)
    await expect.poll(() => toldTo(page)).toContain(code)
    const { lastError, ...stats } = await statsOf(page)
    expect(stats).toMatchObject({ pending: COUNT, cuts: 1, recorded: 0 })
    expect(lastError).toMatchObject({ code, detail: expect.stringContaining(detail) })

    proxy.pass()
    await proveArrival(page, destination, COUNT)
    expect(new Set(proxy.batches().map((batch) => clientBytes(batch).toString())).size).toBe(1)
  })

  test('the answer pours for ever: it is cut off long before the time is up', async ({
    openTab,
    proxy,
    destination,
  }) => {
    const page = await openTab({ requestTimeout: 60_000 })
    await trackMany(page, COUNT)
    const poured = Promise.withResolvers<number>()
    proxy.act(neverEnd('flood', poured.resolve))
    await beginFlush(page)
    await expect.poll(() => toldTo(page)).toContain('outage')
    expect((await statsOf(page)).lastError).toMatchObject({
      code: 'outage',
      detail: expect.stringContaining('too long'),
    })
    // What the system's own buffers took comes on top of the 1 MiB that was read.
    expect(await poured.promise).toBeLessThan(32 * 1_048_576)

    proxy.pass()
    await proveArrival(page, destination, COUNT)
  })

  test('the connection ends in the middle of the upload', async ({ openTab, proxy, destination }) => {
    const page = await openTab()
    await trackNoise(page, COUNT * 4, 12_000)
    proxy.breakUploads()
    await beginFlush(page)
    await expect.poll(() => toldTo(page)).toContain('outage')
    expect(proxy.brokenUploads()).toBeGreaterThan(0)
    expect(await statsOf(page)).toMatchObject({ pending: COUNT * 4, recorded: 0 })

    proxy.pass()
    await proveArrival(page, destination, COUNT * 4)
  })
})

test('under an ad blocker nothing is lost, probes become rare, the console stays quiet, and all arrives without it', async ({
  openTab,
  proxy,
  destination,
}) => {
  const page = await openTab({ clock: Date.now(), chance: 0.5, flushAt: 1 })
  let blocked = 0
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  page.on('pageerror', (error) => said.push(String(error)))
  await page.route(`${proxy.url}/**`, (route) => {
    blocked += 1
    return route.abort('blockedbyclient')
  })
  const atProxy = proxy.seen.length
  await trackMany(page, 1)

  const waits: number[] = []
  const waitOut = async () => {
    const { retryAt = '' } = await statsOf(page)
    await page.clock.fastForward(Math.max(0, Date.parse(retryAt) - (await clockOf(page))))
  }
  for (let probes = 1; probes <= 16; probes++) {
    if (probes > 1) await waitOut()
    await expect.poll(async () => (await toldTo(page)).length).toBe(probes)
    // Every event asks for a flush; under a back-off it gets none.
    await page.evaluate((marker) => window.waybill.track('Marked', { marker }), probes + 1)
    const { retryAt = '', lastError, pending } = await statsOf(page)
    expect([lastError?.code, pending]).toEqual(['outage', probes + 1])
    waits.push(Math.round((Date.parse(retryAt) - Date.parse(lastError?.at ?? '')) / 500) / 2)
  }

  expect(waits).toEqual([0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 1_800, 1_800, 1_800, 1_800])
  // The first probe is made twice, to rule out that it was `keepalive` that the browser refused.
  expect(blocked).toBe(waits.length + 1)
  expect(proxy.seen).toHaveLength(atProxy)
  // A browser itself has a line for each request that was blocked. There is nothing else.
  expect(said.filter((line) => !line.includes('net::ERR_BLOCKED_BY_CLIENT'))).toEqual([])
  expect(said.length).toBeLessThanOrEqual(blocked)

  await page.unroute(`${proxy.url}/**`)
  await waitOut()
  await expect.poll(async () => (await statsOf(page)).pending).toBe(0)
  await proveArrival(page, destination, waits.length + 1)
})
