import { checkShape, type JsonObject, limits, type Rejection } from '@waybill/protocol'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Waybill, WaybillOptions } from '../../src/index.ts'
import { createDatabaseName, deleteDatabase, openStores } from '../databases.ts'
import { type HostPage, openPage } from '../host-page.ts'
import type { Line } from '../operations.ts'
import { putRaw, readAll } from '../parts.ts'
import { createSite, type Site } from '../site.ts'

const closing: Waybill[] = []

afterEach(async () => {
  await Promise.all(closing.splice(0).map((waybill) => waybill.close()))
})

/** Starts a Waybill on a page, for a site and with a buffer of its own. */
function start(page: HostPage, site: Site, options: Partial<WaybillOptions> = {}): Waybill {
  const waybill = page.window.createWaybill({ endpoint: site.endpoint, writeKey: 'wk_1', ...options })
  closing.push(waybill)
  return waybill
}

async function openWaybill(options: Partial<WaybillOptions> = {}) {
  const name = createDatabaseName()
  const [page, site] = [await openPage(), createSite()]
  return { name, page, site, waybill: start(page, site, { name, ...options }) }
}

const named = (lines: Line[]) => lines.map(({ event, seq }) => [event, seq])
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe('track', () => {
  test('resolves once the event is in IndexedDB, with its number', async () => {
    const { waybill, name } = await openWaybill()
    expect(await waybill.track('a', { total: 42 })).toEqual({ status: 'durable', seq: 1 })
    const { lines, state } = await readAll(openStores(name))
    expect(lines.map((line) => JSON.parse(line).properties)).toEqual([{ total: 42 }])
    expect(state.stream?.seq).toBe(1)
  })

  test('takes the properties as they are at the call', async () => {
    const { waybill, site } = await openWaybill()
    const properties = { total: 42, items: ['a'] }
    waybill.track('a', properties)
    properties.total = 0
    properties.items.push('b')
    await waybill.flush()
    expect((await site.lines()).map((line) => line.properties)).toEqual([{ total: 42, items: ['a'] }])
  })

  test('keeps what is tracked before the store has opened, in order', async () => {
    const { waybill, site } = await openWaybill()
    const results = await Promise.all(numbers(1, 20).map((number) => waybill.track(`e${number}`)))
    expect(results).toEqual(numbers(1, 20).map((seq) => ({ status: 'durable', seq })))
    await waybill.flush()
    expect(named(await site.lines())).toEqual(numbers(1, 20).map((seq) => [`e${seq}`, seq]))
  })

  test('sends the very text that was stored', async () => {
    const { waybill, site, name } = await openWaybill()
    await waybill.track('naïve ✓', { text: '\n"\ud83d' })
    const { lines } = await readAll(openStores(name))
    await waybill.flush()
    expect((await site.batches()).map(({ rest }) => rest)).toEqual([`${lines[0]}\n`])
  })
})

describe('every call', () => {
  test('arrives in the words of the Segment Spec, with all that has accumulated', async () => {
    const { waybill, site, page } = await openWaybill()
    waybill.track('Order Completed', { total: 42 })
    waybill.register({ plan: 'pro', test: 'b' })
    waybill.identify('u1', { name: 'Ada' })
    waybill.unregister('test')
    waybill.group('g1', { seats: 5 })
    waybill.page('Home', { hero: 1 })
    waybill.page()
    expect(await waybill.flush()).toEqual({ recorded: true })
    const lines = await site.lines()
    expect(
      lines.map(({ type, event, name, groupId, properties, traits, userId }) => ({
        type,
        event,
        name,
        groupId,
        properties,
        traits,
        userId,
      })),
    ).toEqual([
      { type: 'track', event: 'Order Completed', properties: { total: 42 } },
      { type: 'identify', traits: { name: 'Ada' }, userId: 'u1' },
      { type: 'group', groupId: 'g1', traits: { seats: 5 }, userId: 'u1' },
      { type: 'page', name: 'Home', properties: { hero: 1 }, userId: 'u1' },
      { type: 'page', properties: {}, userId: 'u1' },
    ])
    expect(lines.map(({ state }) => state.registered)).toEqual([
      {},
      { plan: 'pro', test: 'b' },
      { plan: 'pro' },
      { plan: 'pro' },
      { plan: 'pro' },
    ])
    expect(lines.map(({ state }) => [state.session.events, state.visitor.events])).toEqual(
      numbers(1, 5).map((count) => [count, count]),
    )
    expect(lines[0]?.context).toMatchObject({
      page: { title: 'Host page', path: '/host-page.html', url: page.window.location.href.split('?')[0] },
      library: { name: '@waybill/browser' },
      locale: expect.any(String),
      timezone: expect.any(String),
    })
    const [first, second] = lines.map(({ monotonic }) => monotonic)
    expect(second?.boot).toBe(first?.boot)
    expect(second?.ms).toBeGreaterThanOrEqual(first?.ms ?? Number.POSITIVE_INFINITY)
  })

  test('tells of the page as it is at the call, wherever the app has gone without loading another', async () => {
    const { waybill, site, page } = await openWaybill()
    const { document, history, location } = page.window
    const { origin } = location
    const went = (url: string, title: string) => {
      history.pushState(null, '', url)
      document.title = title
      waybill.track(title)
    }
    went('/shoes?size=42#top', 'Shoes')
    went('/shoes?size=43#top', 'Larger shoes')
    went('/shoes?size=43#top', 'The same place')
    went('/hats', 'Hats')
    // In the same script, when the call is over.
    history.pushState(null, '', '/elsewhere')
    await waybill.flush()
    expect((await site.lines()).map(({ context }) => context?.page)).toMatchObject([
      { url: `${origin}/shoes?size=42`, path: '/shoes', search: '?size=42', title: 'Shoes' },
      { url: `${origin}/shoes?size=43`, path: '/shoes', search: '?size=43', title: 'Larger shoes' },
      { url: `${origin}/shoes?size=43`, path: '/shoes', search: '?size=43', title: 'The same place' },
      { url: `${origin}/hats`, path: '/hats', search: '', title: 'Hats' },
    ])
  })

  test('that is refused says so, and nothing is thrown at the page', async () => {
    const { waybill, site } = await openWaybill()
    const dropped: string[] = []
    waybill.on('dropped', ({ reason }) => dropped.push(reason))
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    const trap = {
      get a(): never {
        throw new Error('the app’s own fault')
      },
    }
    // What a page in plain JavaScript may hand over.
    const loose = waybill as unknown as Record<
      'track' | 'identify' | 'group' | 'register' | 'unregister',
      (...args: unknown[]) => Promise<unknown>
    >
    const results = await Promise.all([
      loose.track(''),
      loose.track(undefined),
      loose.identify(undefined),
      loose.group({}),
      loose.track('x', cycle),
      loose.track('x', trap),
      loose.track('x', [1]),
      loose.register('text'),
      loose.register(trap),
      loose.track('x', JSON.parse('{"__proto__":1}')),
      loose.unregister({
        toString: () => {
          throw new Error('no')
        },
      }),
    ])
    const reasons = [
      'invalid_name',
      'invalid_name',
      'invalid_name',
      'invalid_name',
      'not_serialisable',
      'not_serialisable',
      'not_an_object',
      'not_an_object',
      'not_serialisable',
      'prototype_member',
      'internal',
    ]
    expect(results).toEqual(reasons.map((reason) => ({ status: 'dropped', reason })))
    expect(dropped).toEqual(reasons)
    await waybill.track('after')
    await waybill.flush()
    const [line] = await site.lines()
    expect([line?.event, line?.seq, line?.state.buffer.dropped]).toEqual(['after', 1, reasons.length])
    expect((await waybill.stats()).dropped).toBe(reasons.length)
  })

  test('that registers too deep a value spoils no later event', async () => {
    const { waybill, site } = await openWaybill()
    const nested = (levels: number): JsonObject => (levels === 1 ? {} : { a: nested(levels - 1) })
    for (const levels of [29, 30, 31, 32]) await waybill.register(nested(levels))
    await waybill.track('a')
    await waybill.flush()
    const [batch] = await site.batches()
    expect(checkShape(JSON.parse(batch?.rest ?? ''), limits.depth)).toBeUndefined()
  })
})

describe('reset', () => {
  test('begins another stream of another person, and both arrive', async () => {
    const { waybill, site } = await openWaybill()
    waybill.register({ plan: 'pro' })
    waybill.identify('u1')
    waybill.track('a')
    waybill.reset()
    waybill.track('b')
    await waybill.flush()
    const lines = await site.lines()
    expect(named(lines)).toEqual([
      [undefined, 1],
      ['a', 2],
      ['b', 1],
    ])
    const [, a, b] = lines
    expect(b?.streamId).not.toBe(a?.streamId)
    expect(b?.anonymousId).not.toBe(a?.anonymousId)
    expect(b?.userId).toBeUndefined()
    expect(b?.state).toMatchObject({ registered: {}, session: { number: 1 }, visitor: { events: 1 } })
  })
})

describe('on', () => {
  test('tells what was stored, recorded, rejected and what went wrong', async () => {
    const { waybill, site } = await openWaybill()
    const rejected = { seq: 2, messageId: 'm', code: 'invalid_event', detail: 'd' } as unknown as Rejection
    await site.answer({ status: 503, body: '<html>' }, { rejected: [rejected] })
    const heard: [string, unknown][] = []
    for (const event of ['stored', 'recorded', 'rejected', 'error'] as const) {
      waybill.on(event, (payload) => heard.push([event, payload]))
    }
    await Promise.all([waybill.track('a'), waybill.track('b')])
    expect(await waybill.flush()).toEqual({ recorded: true })
    const batchId = (await site.batches())[0]?.header.batchId
    expect(heard).toEqual([
      ['stored', { events: 2 }],
      ['error', expect.objectContaining({ code: 'http_503' })],
      ['recorded', expect.objectContaining({ batchId, recorded: 1, rejected: [rejected] })],
      ['rejected', rejected],
    ])
    expect(await waybill.stats()).toMatchObject({ recorded: 1, rejected: 1, pending: 0 })
  })

  test('a listener that throws harms nobody', async () => {
    const { waybill, page, site } = await openWaybill()
    const told = vi
      .spyOn((page.window as unknown as { console: Console }).console, 'error')
      .mockImplementation(() => {})
    const heard: string[] = []
    for (const event of ['stored', 'recorded'] as const) {
      waybill.on(event, () => {
        throw new Error('mine')
      })
      waybill.on(event, () => heard.push(event))
    }
    expect(await waybill.track('a')).toEqual({ status: 'durable', seq: 1 })
    expect(await waybill.flush()).toEqual({ recorded: true })
    expect(heard).toEqual(['stored', 'recorded'])
    expect(told).toHaveBeenCalledTimes(2)
    expect(named(await site.lines())).toEqual([['a', 1]])
  })
})

describe('stats', () => {
  test('says what waits, and since when', async () => {
    const { waybill, site } = await openWaybill()
    expect(await waybill.stats()).toMatchObject({ storage: 'durable', seq: 0, pending: 0, bytes: 0 })
    await waybill.flush() // The flush at the start is over.
    await waybill.track('a')
    await waybill.track('b')
    const waiting = await waybill.stats()
    expect(waiting).toMatchObject({ storage: 'durable', seq: 2, pending: 2, recorded: 0, streamId: expect.any(String) })
    expect(waiting.bytes).toBeGreaterThan(500)
    expect(Date.parse(waiting.oldestAt ?? '')).toBeLessThanOrEqual(Date.now())
    await waybill.flush()
    expect(await waybill.stats()).toMatchObject({ seq: 2, pending: 0, bytes: 0, cuts: 0, recorded: 2 })
    expect((await waybill.stats()).oldestAt).toBeUndefined()
    expect(named(await site.lines())).toEqual([
      ['a', 1],
      ['b', 2],
    ])
  })

  test('says why nothing arrives, and when it is tried again', async () => {
    const { waybill, site } = await openWaybill()
    const problem = { type: 'urn:waybill:problem:sink_unavailable', code: 'sink_unavailable', detail: 'It is down.' }
    await site.answer({ status: 503, retryAfter: '600', body: JSON.stringify(problem) })
    await waybill.track('a')
    waybill.flush()
    await expect.poll(async () => (await waybill.stats()).lastError?.code).toBe('sink_unavailable')
    expect(await waybill.flush({ timeout: 1_000 })).toEqual({ recorded: false, pending: 1, reason: 'sink_unavailable' })
    const { retryAt, lastError, cuts } = await waybill.stats()
    expect([lastError?.code, cuts]).toEqual(['sink_unavailable', 1])
    expect(Date.parse(retryAt ?? '') - Date.now()).toBeGreaterThan(590_000)
  })
})

describe('flush', () => {
  test('of nothing is over at once', async () => {
    const { waybill, site } = await openWaybill()
    expect(await waybill.flush()).toEqual({ recorded: true })
    expect(await site.seen()).toHaveLength(0)
  })

  test('gives up waiting when its time is up, and the events stay', async () => {
    const { waybill, site } = await openWaybill()
    await site.answer({ hang: true })
    await waybill.track('a')
    expect(await waybill.flush({ timeout: 1_000 })).toEqual({ recorded: false, pending: 1, reason: 'timeout' })
    expect((await waybill.stats()).pending).toBe(1)
  })

  test('is not needed: events are sent by themselves', async () => {
    const { waybill, site } = await openWaybill({ flushInterval: 50 })
    waybill.track('a')
    await expect.poll(async () => named(await site.lines())).toEqual([['a', 1]])
    const many = await openWaybill({ flushAt: 3 })
    for (const event of ['a', 'b', 'c']) many.waybill.track(event)
    await expect.poll(async () => (await many.site.lines()).length).toBe(3)
  })

  test('sends 1,200 events in batches that a collector takes, in order', async () => {
    const { waybill, site } = await openWaybill({ flushAt: 10_000 })
    for (const number of numbers(1, 1_200)) waybill.track('e', { number })
    expect(await waybill.flush()).toEqual({ recorded: true })
    const batches = await site.batches()
    expect(batches.flatMap(({ lines }) => lines.map(({ seq }) => seq))).toEqual(numbers(1, 1_200))
    for (const { lines, rest } of batches) {
      expect(lines.length).toBeLessThanOrEqual(limits.batchEvents)
      expect(rest.length).toBeLessThanOrEqual(limits.batchBytes)
    }
    const seen = await site.seen()
    expect(seen.every(({ method }) => method === 'POST')).toBe(true)
  })
})

describe('close', () => {
  test('stores what was handed over; what comes after is dropped, and the next page sends what stayed', async () => {
    const { waybill, site, name } = await openWaybill()
    await waybill.flush() // The flush at the start is over.
    const last = waybill.track('a')
    await waybill.close()
    expect(await last).toEqual({ status: 'durable', seq: 1 })
    expect(await waybill.track('b')).toEqual({ status: 'dropped', reason: 'closed' })
    expect(await site.seen()).toHaveLength(0)
    expect(await start(await openPage(), site, { name }).flush()).toEqual({ recorded: true })
    expect(named(await site.lines())).toEqual([['a', 1]])
  })
})

describe('two pages on one buffer', () => {
  test('share one stream, and deliver every event once and in order', async () => {
    const { waybill: one, site, name, page } = await openWaybill({ flushAt: 5 })
    const other = start(await openPage(), site, { name, flushAt: 5 })
    expect(page.window).not.toBe(window)
    const tracked = await Promise.all(
      numbers(1, 200).map((number) => (number % 2 ? one : other).track('e', { number })),
    )
    const seqs = tracked.map((result) => ('seq' in result ? (result.seq ?? 0) : 0))
    expect(seqs.toSorted((a, b) => a - b)).toEqual(numbers(1, 200))
    await Promise.all([one.flush(), other.flush()])
    const batches = await site.batches()
    expect(batches.flatMap(({ lines }) => lines.map(({ seq }) => seq))).toEqual(numbers(1, 200))
    expect(new Set(batches.map(({ header }) => header.streamId)).size).toBe(1)
  })

  test('while one has a request under way the other sends nothing, and takes over when it is gone', async () => {
    const { waybill, site, name, page } = await openWaybill()
    await site.answer({ hang: true })
    await waybill.track('a')
    waybill.flush()
    await expect.poll(async () => (await site.seen()).length).toBe(1)
    const other = start(await openPage(), site, { name })
    await other.track('b')
    expect(await other.flush({ timeout: 1_000 })).toMatchObject({ recorded: false, pending: 2 })
    expect(await site.seen()).toHaveLength(1)

    page.frame.remove()
    expect(await other.flush()).toEqual({ recorded: true })
    const [first, repeat, next] = await site.batches()
    expect([repeat?.header.batchId, repeat?.rest]).toEqual([first?.header.batchId, first?.rest])
    expect(named(next?.lines ?? [])).toEqual([['b', 2]])
  })

  test('without Web Locks each may send, and only one counts', async () => {
    const site = createSite()
    const name = createDatabaseName()
    const pages = [await openPage('Web Locks'), await openPage('Web Locks')]
    const [one, other] = pages.map((page) => start(page, site, { name, flushAt: 5 })) as [Waybill, Waybill]
    await Promise.all(numbers(1, 60).map((number) => (number % 2 ? one : other).track('e')))
    expect(await Promise.all([one.flush(), other.flush()])).toEqual([{ recorded: true }, { recorded: true }])
    const unique = await site.lines()
    expect(unique.map(({ seq }) => seq)).toEqual(numbers(1, 60))
    expect((await one.stats()).recorded).toBe(60)
  })
})

describe('a page after an outage', () => {
  test('presents what was cut before with the same id and the same bytes', async () => {
    const { waybill, site, name } = await openWaybill()
    await site.answer({ reset: true }, { reset: true }, { reset: true }, { reset: true })
    await waybill.track('a')
    waybill.flush()
    await expect.poll(async () => (await site.seen()).length).toBeGreaterThan(0)
    await waybill.close()
    const cut = (await readAll(openStores(name))).delivery.list[0]
    expect(cut?.batchId).toBeDefined()
    const next = start(await openPage(), site, { name })
    await next.track('b')
    await expect.poll(async () => await next.flush({ timeout: 3_000 })).toEqual({ recorded: true })
    const batches = await site.batches()
    const repeats = batches.filter(({ header }) => header.batchId === cut?.batchId)
    expect(repeats.length).toBeGreaterThan(1)
    expect(new Set(repeats.map(({ rest }) => rest)).size).toBe(1)
    expect(named(await site.lines())).toEqual([
      ['a', 1],
      ['b', 2],
    ])
  })

  test('finds the same backlog at a new endpoint and under a new key', async () => {
    const { waybill, site, name } = await openWaybill()
    await site.answer({ status: 503, body: '<html>' }, { status: 503, body: '<html>' })
    await waybill.track('a')
    waybill.flush()
    await expect.poll(async () => (await site.seen()).length).toBeGreaterThan(0)
    await waybill.close()
    const elsewhere = createSite()
    const next = start(await openPage(), elsewhere, { name, writeKey: 'wk_2' })
    expect(await next.flush()).toEqual({ recorded: true })
    expect(named(await elsewhere.lines())).toEqual([['a', 1]])
    expect((await elsewhere.seen())[0]?.query.key).toBe('wk_2')
  })
})

describe('storage', () => {
  test('deleted while the page runs: a new stream begins, and every event after it arrives', async () => {
    const { waybill, site, name } = await openWaybill()
    await waybill.track('a')
    await waybill.flush()
    await deleteDatabase(name)
    expect(await waybill.track('b')).toEqual({ status: 'durable', seq: 1 })
    expect(await waybill.track('c')).toEqual({ status: 'durable', seq: 2 })
    expect(await waybill.flush()).toEqual({ recorded: true })
    const lines = await site.lines()
    expect(named(lines)).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 2],
    ])
    expect(new Set(lines.map(({ streamId }) => streamId)).size).toBe(2)
    expect((await waybill.stats()).storage).toBe('durable')
  })

  test('deleted in the middle of a burst: what was answered for is stored, and nothing hangs', async () => {
    const { waybill, site, name } = await openWaybill()
    await waybill.track('first')
    const early = numbers(1, 50).map((number) => waybill.track('early', { number }))
    const deletion = deleteDatabase(name)
    const late = numbers(1, 50).map((number) => waybill.track('late', { number }))
    const results = await Promise.all([...early, ...late])
    await deletion
    expect(results.every(({ status }) => status === 'durable')).toBe(true)
    expect(await waybill.flush()).toEqual({ recorded: true })
    expect((await site.lines()).every(({ seq }) => seq > 0)).toBe(true)
  })

  test('written by a newer release: the events wait in the raw journal, and nothing is sent', async () => {
    const [site, name] = [createSite(), createDatabaseName()]
    const newer = { format: 2, colour: 'blue' }
    await openStores(name).store.transact(async ({ put }) => put('state', newer)).done
    const waybill = start(await openPage(), site, { name, flushAt: 1 })
    expect(await waybill.track('a', { total: 42 })).toEqual({ status: 'durable' })
    await waybill.flush({ timeout: 200 })
    const { state, delivery, lines, raw } = await readAll(openStores(name))
    expect([state, delivery, lines]).toEqual([newer, undefined, []])
    expect(raw).toMatchObject([{ operations: [{ kind: 'event', text: expect.stringContaining('42') }] }])
    expect(await site.seen()).toHaveLength(0)
    await waybill.stats()
  })

  test('with a raw record that this release does not understand: events stay durable', async () => {
    const [site, name] = [createSite(), createDatabaseName()]
    await putRaw(openStores(name).store, { operations: [{ kind: 'span', at: 0 }] })
    const waybill = start(await openPage(), site, { name })
    expect(await waybill.track('a')).toMatchObject({ status: 'durable' })
    expect(await waybill.flush()).toEqual({ recorded: true })
  })

  test('whose state record is damaged: a new stream begins, and events arrive', async () => {
    const [site, name] = [createSite(), createDatabaseName()]
    const store = openStores(name).store
    await store.transact(async ({ put }) => {
      put('state', 'garbage')
      put('cuts', 'garbage')
    }).done
    const waybill = start(await openPage(), site, { name })
    expect(await waybill.track('a')).toEqual({ status: 'durable', seq: 1 })
    expect(await waybill.flush()).toEqual({ recorded: true })
    expect(named(await site.lines())).toEqual([['a', 1]])
  })

  test.each(['access to IndexedDB', 'IndexedDB'] as const)(
    'without %s: events are kept in memory and delivered',
    async (lack) => {
      const site = createSite()
      const waybill = start(await openPage(lack), site)
      const results = await Promise.all([waybill.track('a'), waybill.track('b')])
      expect(results).toEqual([
        { status: 'memory', seq: 1 },
        { status: 'memory', seq: 2 },
      ])
      expect(await waybill.flush({ timeout: 2_000 })).toEqual({ recorded: true })
      expect(named(await site.lines())).toEqual([
        ['a', 1],
        ['b', 2],
      ])
      expect((await waybill.stats()).storage).toBe('memory')
    },
  )

  test('that never opens: events are kept in memory within a few seconds, and delivered', async () => {
    const site = createSite()
    const waybill = start(await openPage('an IndexedDB that opens'), site)
    const results: unknown[] = []
    waybill.track('a').then((result) => results.push(result))
    await expect.poll(() => results, { timeout: 5_000 }).toEqual([{ status: 'memory', seq: 1 }])
    expect(await waybill.flush({ timeout: 2_000 })).toEqual({ recorded: true })
    expect(named(await site.lines())).toEqual([['a', 1]])
  })

  test('that never opens: a flush keeps its time', async () => {
    const waybill = start(await openPage('an IndexedDB that opens'), createSite())
    waybill.track('a')
    const results: unknown[] = []
    waybill.flush({ timeout: 100 }).then((result) => results.push(result))
    await expect.poll(() => results, { timeout: 2_000 }).toEqual([expect.objectContaining({ recorded: false })])
  })
})

describe('a sandboxed page, which has no origin', () => {
  test('keeps its events in memory and delivers them', async () => {
    const site = createSite()
    const told = new Promise<unknown>((resolve) => {
      window.addEventListener('message', ({ data }) => (data?.tracked || data?.fault) && resolve(data))
    })
    const frame = document.createElement('iframe')
    frame.setAttribute('sandbox', 'allow-scripts')
    frame.src = `/sandboxed-page.html?endpoint=${encodeURIComponent(site.endpoint)}`
    document.body.append(frame)
    const result = await told
    frame.remove()
    expect(result).toEqual({ origin: 'null', tracked: { status: 'memory', seq: 1 }, flushed: { recorded: true } })
    expect(named(await site.lines())).toEqual([['from the sandbox', 1]])
  })
})

test('without CompressionStream batches are sent as they are', async () => {
  const site = createSite()
  const waybill = start(await openPage('CompressionStream'), site, { name: createDatabaseName() })
  await waybill.track('a', { text: 'x'.repeat(5_000) })
  expect(await waybill.flush()).toEqual({ recorded: true })
  expect((await site.seen()).map(({ query }) => query)).toEqual([{ key: 'wk_1' }])
})

test('an endpoint that can’t be called harms nobody', async () => {
  const { waybill } = await openWaybill({ endpoint: 'https://[' })
  expect(await waybill.track('a')).toEqual({ status: 'durable', seq: 1 })
  expect(await waybill.flush({ timeout: 2_000 })).toEqual({ recorded: false, pending: 1, reason: 'outage' })
})

test('an element that stands for the title of the page keeps no event back, and no wish to forget', async () => {
  const { page, waybill } = await openWaybill()
  page.window.document.body.insertAdjacentHTML('beforeend', '<img name="title">')
  expect(typeof page.window.document.title).toBe('object')
  expect(await waybill.track('a')).toMatchObject({ status: 'durable' })
  await waybill.forget()
  expect(await waybill.stats()).toMatchObject({ pending: 0 })
})

test('an element that stands for the address of the page does not keep it where it was', async () => {
  const { page, site, waybill } = await openWaybill()
  const { document, history } = page.window
  document.body.insertAdjacentHTML('beforeend', '<img name="URL">')
  expect(typeof document.URL).toBe('object')
  waybill.track('a')
  history.pushState(null, '', '/elsewhere')
  waybill.track('b')
  await waybill.flush()
  const pages = (await site.lines()).map(({ context }) => context?.page)
  expect(pages).toMatchObject([{ path: '/host-page.html' }, { path: '/elsewhere' }])
})
