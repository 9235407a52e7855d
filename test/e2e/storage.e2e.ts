import type { Page } from 'playwright'
import { describe, expect } from 'vitest'
import { beginOutage, flush, inShort, markersOf, statsOf, streamOf, trackRange } from '../harness/client.ts'
import { countSeqs, proveComplete } from '../harness/completeness.ts'
import type { Destination } from '../harness/destination.ts'
import { clearSiteData, hangDatabases, limitStorage, withoutIndexedDb } from '../harness/faults.ts'
import { type Edit, editStored, linesOf, readStored, recordOf, type StoredKey } from '../harness/stored.ts'
import { test } from '../harness/tab-fixtures.ts'
import { beginFlush } from '../harness/tabs.ts'

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** Tracks markers from 1 on, one after the other, until they are no longer durable; returns how many were. */
const fillStore = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    for (let marker = 1; ; marker++) {
      const { status } = await window.waybill.track('Marked', { marker, filling: 'x'.repeat(8_000) })
      if (status !== 'durable') return marker - 1
      if (marker > 1_000) throw new Error('The store is never full')
    }
  })

const storageOf = async (page: Page) => (await statsOf(page)).storage
const outcome = (status: 'durable' | 'memory', seq: number) => ({ status, seq })

/** Nothing waits, nothing is stuck, and what rides on the events of the next page says so. */
async function expectHealth(page: Page, name: string, destination: Destination): Promise<void> {
  await page.reload()
  await expect.poll(async () => waitingOf(await readStored(page, name))).toEqual({ lines: 0, bytes: 0 })
  expect(await statsOf(page)).toMatchObject({ pending: 0, bytes: 0, cuts: 0, shed: 0, dropped: 0, stuck: false })
  await trackRange(page, 1_000)
  expect(await flush(page)).toEqual({ recorded: true })
  const last = proveComplete(destination.deliveries, await streamOf(page)).at(-1)
  expect(last).toMatchObject({ state: { buffer: { pending: 0, bytes: 0, dropped: 0, rejected: 0, shed: 0 } } })
}

/** What the two records that count say together of what waits. */
function waitingOf(stored: readonly [StoredKey, unknown][]) {
  const { appended } = recordOf(stored, 'state') as { appended: { lines: number; bytes: number } }
  const { forgotten } = recordOf(stored, 'cuts') as { forgotten: { lines: number; bytes: number } }
  return { lines: appended.lines - forgotten.lines, bytes: appended.bytes - forgotten.bytes }
}

const arrived = (destination: Destination, streamId: string) =>
  markersOf(proveComplete(destination.deliveries, streamId))

test('a store that is full loses nothing: events are kept in memory, sent from there as a stream of their own, and taken in when there is room', async ({
  browser,
  site,
  proxy,
  collector,
  destination,
}) => {
  const page = await browser.newPage()
  await limitStorage(page, site.url, 300_000)
  proxy.refuse()
  const patient = { flushAt: 1_000_000, flushInterval: 3_600_000 }
  await page.goto(site.appPage({ endpoint: proxy.url, writeKey: collector.writeKey, ...patient }))
  await flush(page, { timeout: 100 })
  await trackRange(page, 0)
  const durableStream = await streamOf(page)
  const told = page.evaluate(
    () =>
      new Promise<object>((resolve) =>
        // The network is away, too, and that is told as well.
        window.waybill.on('error', (error) => error.code === 'storage' && resolve(error)),
      ),
  )
  const durable = await fillStore(page)
  expect(await told).toEqual({ code: 'storage', detail: 'QuotaExceededError' })
  const memoryStream = await streamOf(page)
  expect(memoryStream).not.toBe(durableStream)
  expect(await statsOf(page)).toMatchObject({ storage: 'memory', seq: 1, pending: durable + 2 })

  proxy.pass()
  await beginFlush(page)
  await destination.until((deliveries) => countSeqs(deliveries, memoryStream) === 1)
  proxy.refuse()
  expect(await trackRange(page, durable + 2, durable + 4)).toEqual([2, 3, 4].map((seq) => outcome('memory', seq)))

  await limitStorage(page, site.url)
  await browser.setOffline(true)
  await browser.setOffline(false)
  await expect.poll(() => storageOf(page)).toBe('durable')
  expect(await streamOf(page)).toBe(durableStream)
  expect(await trackRange(page, durable + 5)).toEqual([outcome('durable', durable + 2)])

  await page.reload()
  expect(await statsOf(page)).toMatchObject({ storage: 'durable' })
  proxy.pass()
  expect(await flush(page)).toEqual({ recorded: true })
  expect(arrived(destination, durableStream)).toEqual([...numbers(0, durable), durable + 5])
  expect(arrived(destination, memoryStream)).toEqual(numbers(durable + 1, durable + 4))
  expect(await statsOf(page)).toMatchObject({ pending: 0, bytes: 0, cuts: 0, stuck: false })
})

test('a database that hangs while it opens has events kept in memory within seconds, and takes them in when it opens', async ({
  sharedBrowser,
  site,
  proxy,
  collector,
  destination,
}) => {
  const page = await sharedBrowser.newPage()
  await hangDatabases(page)
  proxy.refuse()
  const options = { endpoint: proxy.url, writeKey: collector.writeKey, name: 'hanging' }
  await page.goto(site.appPage({ ...options, flushAt: 1_000_000, flushInterval: 3_600_000 }))
  expect(await trackRange(page, 1, 3)).toEqual([1, 2, 3].map((seq) => outcome('memory', seq)))
  const memoryStream = await streamOf(page)
  expect(await statsOf(page)).toMatchObject({ storage: 'memory', pending: 3 })

  proxy.pass()
  expect(await flush(page)).toEqual({ recorded: true })
  expect(arrived(destination, memoryStream)).toEqual([1, 2, 3])
  proxy.refuse()
  expect(await trackRange(page, 4)).toEqual([outcome('memory', 4)])

  await page.evaluate(async () => {
    await window.openDatabases()
    dispatchEvent(new Event('online')) // The store is tried again now, and not half a minute later.
  })
  await expect.poll(() => storageOf(page)).toBe('durable')
  expect(await trackRange(page, 5)).toEqual([outcome('durable', 5)])
  await page.close()

  proxy.pass()
  const nextVisit = await sharedBrowser.newPage()
  await nextVisit.goto(site.appPage(options))
  expect(await flush(nextVisit)).toEqual({ recorded: true })
  expect(arrived(destination, memoryStream)).toEqual([1, 2, 3, 4, 5])
  expect(await streamOf(nextVisit)).toBe(memoryStream)
  await nextVisit.close()
})

test('a browser without IndexedDB delivers from memory, and says so', async ({ openTab, destination }) => {
  const page = await openTab({ prepare: withoutIndexedDb })
  expect(await trackRange(page, 1, 3)).toEqual([1, 2, 3].map((seq) => outcome('memory', seq)))
  expect(await statsOf(page)).toMatchObject({ storage: 'memory', pending: 3, dropped: 0 })
  expect(await flush(page)).toEqual({ recorded: true })
  expect(arrived(destination, await streamOf(page))).toEqual([1, 2, 3])
  expect(await statsOf(page)).toMatchObject({ storage: 'memory', pending: 0, recorded: 3 })
})

describe('site data that is cleared in the middle of a visit', () => {
  const anonymousIdOf = async (page: Page) => (await statsOf(page)).state.visitor as { anonymousId: string }

  test('begins another stream of another person, and what is tracked from then on is durable and arrives', async ({
    openTab,
    site,
    destination,
  }) => {
    const page = await openTab({ name: 'cleared' })
    await trackRange(page, 1, 3)
    const [before, person] = [await streamOf(page), await anonymousIdOf(page)]
    await clearSiteData(page, site.url)
    expect(await trackRange(page, 4, 5)).toEqual([1, 2].map((seq) => outcome('durable', seq)))
    const after = await streamOf(page)
    expect(after).not.toBe(before)
    await page.reload()
    await trackRange(page, 6)
    expect(await flush(page)).toEqual({ recorded: true })
    expect(arrived(destination, after)).toEqual([4, 5, 6])
    expect(countSeqs(destination.deliveries, before)).toBe(0)
    expect(JSON.stringify(proveComplete(destination.deliveries, after))).not.toContain(person.anonymousId)
  })

  test('leads nobody back to the person before, not from another tab that is left with an event in its hands either', async ({
    openTab,
    site,
    destination,
  }) => {
    const name = 'cleared-beside-another-tab'
    const before = destination.deliveries.length
    const [page, other] = [await openTab({ name }), await openTab({ name })]
    await trackRange(page, 1)
    await trackRange(other, 2)
    const person = await anonymousIdOf(page)
    await clearSiteData(page, site.url)
    await trackRange(page, 3)
    await Promise.all([
      other.waitForURL(site.plainPage),
      other.evaluate((url) => {
        addEventListener('pagehide', () => void window.waybill.track('Marked', { marker: 4 }))
        location.href = url
      }, site.plainPage),
    ])
    expect(await flush(page)).toEqual({ recorded: true })
    const lines = destination.deliveries.slice(before).flatMap(({ lines }) => lines)
    expect(lines.filter((line) => 'properties' in line && line.properties?.marker === 4)).toHaveLength(1)
    expect(JSON.stringify(lines)).not.toContain(person.anonymousId)
  })
})

describe('what somebody else has damaged in the store', () => {
  const damages: [what: string, damage: unknown][] = [
    ['garbage', 'garbage'],
    ['empty', {}],
    ['half a record', { format: 1, streams: 1, stream: { seq: 'one' }, epoch: 1, list: [{}] }],
  ]

  test.for(damages)(
    'a state that is %s: what is stored arrives, and another stream begins',
    async ([what, damage], { openTab, proxy, destination }) => {
      const name = `state is ${what}`
      const page = await openTab({ name })
      await beginOutage(page, proxy, () => trackRange(page, 1, 3))
      const before = await streamOf(page)
      await trackRange(page, 4, 5)
      await editStored(page, name, { put: [['state', damage]] })

      expect(await trackRange(page, 6, 7)).toEqual([1, 2].map((seq) => outcome('durable', seq)))
      const after = await streamOf(page)
      expect(after).not.toBe(before)
      proxy.pass()
      expect(await flush(page)).toEqual({ recorded: true })
      expect(arrived(destination, before)).toEqual([1, 2, 3, 4, 5])
      expect(arrived(destination, after)).toEqual([6, 7])
      await expectHealth(page, name, destination)
    },
  )

  test.for(damages)(
    'cuts that are %s: all is cut anew and arrives, and nothing gives way to a cap that is not reached',
    async ([what, damage], { openTab, proxy, destination }) => {
      const name = `cuts are ${what}`
      const page = await openTab({ name, maxBytes: 10_000 })
      // More than the cap, all in all.
      for (const marker of numbers(1, 4)) {
        await trackRange(page, marker * 5 - 4, marker * 5)
        await flush(page)
      }
      await beginOutage(page, proxy, () => trackRange(page, 21, 22))
      await editStored(page, name, { put: [['cuts', damage]] })
      await trackRange(page, 23, 24)

      proxy.pass()
      expect(await flush(page)).toEqual({ recorded: true })
      expect(arrived(destination, await streamOf(page))).toEqual(numbers(1, 24))
      await expectHealth(page, name, destination)
    },
  )

  test.for<[what: string, edit: (key: StoredKey) => Edit]>([
    ['gone', (key) => ({ remove: [key] })],
    ['replaced by garbage', (key) => ({ put: [[key, 'garbage']] })],
    ['replaced by a number', (key) => ({ put: [[key, 42]] })],
    ['cut short', (key) => ({ put: [[key, '{"streamId":"0192']] })],
  ])(
    'a line in the middle of a cut that is %s: a tombstone stands in its place, and its neighbours arrive',
    async ([what, edit], { openTab, proxy, destination }) => {
      const name = `a line is ${what}`
      const page = await openTab({ name })
      await beginOutage(page, proxy, () => trackRange(page, 1, 5))
      const [, , [third] = ['']] = linesOf(await readStored(page, name))
      await editStored(page, name, edit(third))
      // What was read before is not under way any more when the outage ends.
      await flush(page, { timeout: 100 })

      proxy.pass()
      expect(await flush(page)).toEqual({ recorded: true })
      const lines = proveComplete(destination.deliveries, await streamOf(page))
      expect(inShort(lines)).toEqual(['1 1', '2 2', '3 shed damaged', '4 4', '5 5'])
      await trackRange(page, 6)
      expect(await flush(page)).toEqual({ recorded: true })
      await expectHealth(page, name, destination)
    },
  )

  test('an accumulator’s value that is damaged keeps nothing back', async ({ openTab, destination }) => {
    const name = 'a value is damaged'
    const page = await openTab({ name })
    await trackRange(page, 1)
    const state = recordOf(await readStored(page, name), 'state') as { stream: { values: object } }
    const values = { registered: {}, session: 'garbage', visitor: 42 }
    await editStored(page, name, { put: [['state', { ...state, stream: { ...state.stream, values } }]] })
    expect(await trackRange(page, 2, 3)).toEqual([2, 3].map((seq) => outcome('durable', seq)))
    expect(await flush(page)).toEqual({ recorded: true })
    expect(arrived(destination, await streamOf(page))).toEqual([1, 2, 3])
  })
})

test('what can’t be kept is refused with its reason and gets no seq, and its neighbours arrive', async ({
  openTab,
  destination,
}) => {
  const page = await openTab({})
  const refused = await page.evaluate(async () => {
    const { waybill } = window
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    const told: string[] = []
    waybill.on('dropped', ({ reason }) => told.push(reason))
    const before = waybill.track('Marked', { marker: 1 })
    const results = await Promise.all([
      waybill.track('Marked', cycle),
      waybill.track('Marked', { big: 10n }),
      waybill.track('Marked', {
        get trap(): never {
          throw new Error('the page’s own fault')
        },
      }),
      waybill.track('Marked', { text: 'x'.repeat(16_384) }),
      waybill.track('x'.repeat(501)),
      waybill.track('Marked', JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`)),
      waybill.register({ text: 'x'.repeat(6_144) }),
      waybill.identify('u1', { text: 'é'.repeat(8_192) }),
    ])
    await before
    // What structured clone would refuse is no trouble: only JSON is stored.
    await waybill.track('Marked', { marker: 2, call() {}, node: document.body, symbol: Symbol('s') })
    await waybill.register({ plan: 'pro' })
    await waybill.track('Marked', { marker: 3 })
    return { results: results.map((result) => ('reason' in result ? result.reason : result.status)), told }
  })
  const reasons = [
    'not_serialisable',
    'not_serialisable',
    'not_serialisable',
    'properties_too_large',
    'invalid_name',
    'too_deep',
    'state_too_large',
    'properties_too_large',
  ]
  expect(refused.results).toEqual(reasons)
  expect(refused.told.toSorted()).toEqual(reasons.toSorted())
  expect(await flush(page)).toEqual({ recorded: true })
  const lines = proveComplete(destination.deliveries, await streamOf(page))
  expect(inShort(lines)).toEqual(['1 1', '2 2', '3 3'])
  expect(lines[2]).toMatchObject({ state: { registered: { plan: 'pro' } } })
  expect(lines.some((line) => 'userId' in line)).toBe(false)
  expect(await statsOf(page)).toMatchObject({ dropped: reasons.length, pending: 0, recorded: 3 })
})
