import { describe, expect, test } from 'vitest'
import type { WaybillOptions } from '../../src/index.ts'
import { createDatabaseName, openStores } from '../databases.ts'
import { navigate, openPage } from '../host-page.ts'
import { start as startOn } from '../leave-pages.ts'
import { readAll } from '../parts.ts'
import { createSite } from '../site.ts'

/** One site and one buffer; each page that is opened shares them. */
function createScene(options: Partial<WaybillOptions> = {}) {
  const [site, name] = [createSite(), createDatabaseName()]
  return {
    site,
    name,
    async open() {
      const page = await openPage()
      return { page, waybill: startOn(page, site, name, options) }
    },
  }
}

test('a span goes on after a reload by its name, and makes one event of all that it gathered', async () => {
  const { site, open } = createScene()
  const first = await open()
  const span = first.waybill.start('Checkout', { plan: 'pro' })
  const started = await span.started
  expect(started).toMatchObject({ status: 'durable', spanId: expect.any(String) })
  span.add('items', 2) // Not awaited: the page is left at once.
  await navigate(first.page)

  const next = await open()
  const same = next.waybill.start('Checkout')
  same.add('items')
  expect(await same.end({ total: 42 })).toMatchObject({ status: 'durable', seq: 1 })
  await next.waybill.flush()
  const lines = await site.lines()
  expect(lines).toMatchObject([
    {
      type: 'track',
      event: 'Checkout',
      properties: { plan: 'pro', items: 3, total: 42 },
      span: { id: 'spanId' in started && started.spanId, outcome: 'completed' },
      context: { library: { name: '@waybill/browser' } },
    },
  ])
  const [{ span: ended, timestamp } = {}] = lines
  const taken = Date.parse(timestamp ?? '') - Date.parse(ended?.startedAt ?? '')
  expect(ended?.duration).toBeGreaterThanOrEqual(0)
  // What lay between the pages is not in it; 2 ms for clocks that are read to the millisecond.
  expect(ended?.duration).toBeLessThanOrEqual(taken + 2)
})

test('another tab ends it, and the first is told so', async () => {
  const { site, open } = createScene()
  const [first, second] = [await open(), await open()]
  const dropped: string[] = []
  first.waybill.on('dropped', ({ reason }) => dropped.push(reason))
  const span = first.waybill.start('Checkout', { by: 'first' })
  await span.started
  await second.waybill.start('Checkout').end({}, { outcome: 'declined' })
  expect(await span.set({ late: true })).toEqual({ status: 'dropped', reason: 'span_ended' })
  expect(await span.end()).toEqual({ status: 'dropped', reason: 'span_ended' })
  expect(dropped).toEqual(['span_ended', 'span_ended'])
  await first.waybill.flush()
  expect(await site.lines()).toMatchObject([{ properties: { by: 'first' }, span: { outcome: 'declined' } }])
})

test('calls made in the tick in which a page is left are not lost and not doubled', async () => {
  const { site, open } = createScene()
  const expected: string[] = []
  for (let leave = 1; leave <= 10; leave++) {
    const { page, waybill } = await open()
    if (leave % 2) await waybill.stats()
    const span = waybill.start(`Step ${leave}`, { leave })
    span.add('n')
    span.end({ done: true })
    expected.push(`Step ${leave}`)
    await navigate(page)
  }
  const { waybill } = await open()
  await waybill.flush()
  const lines = await site.lines()
  expect(lines.map(({ event }) => event)).toEqual(expected)
  expect(lines.map(({ properties }) => properties)).toEqual(
    expected.map((_, index) => ({ leave: index + 1, n: 1, done: true })),
  )
})

describe('a span whose page is gone', () => {
  test('is abandoned by the next page once the session would be over, before anything else', async () => {
    const { site, open } = createScene({ sessionTimeout: 300 })
    const first = await open()
    await first.waybill.start('Checkout', { plan: 'pro' }).started
    await navigate(first.page)
    const { waybill } = await open()
    await expect
      .poll(async () => {
        await waybill.flush()
        return (await site.lines()).map(({ event, span }) => [event, span?.outcome])
      })
      .toEqual([['Checkout', 'abandoned']])
    await waybill.track('next')
    await waybill.flush()
    expect((await site.lines()).map(({ event }) => event)).toEqual(['Checkout', 'next'])
  })

  test('goes on, where another page has it open', async () => {
    const { site, name, open } = createScene({ sessionTimeout: 400 })
    const [first, second] = [await open(), await open()]
    await first.waybill.start('Checkout').started
    const span = second.waybill.start('Checkout')
    await span.started
    await navigate(first.page)
    // Three times as long as it may be left alone.
    const durations = async () => {
      const { state } = await readAll(openStores(name))
      return Object.values(state.stream?.spans ?? {}).map(({ duration }) => duration)
    }
    await expect.poll(durations, { timeout: 10_000 }).toEqual([expect.toSatisfy((duration) => duration > 1_200)])
    await second.waybill.track('still here')
    expect(await span.end()).toMatchObject({ status: 'durable' })
    await second.waybill.flush()
    const lines = await site.lines()
    expect(lines.map(({ event }) => event)).toEqual(['still here', 'Checkout'])
    expect(lines[1]?.span?.duration).toBeGreaterThan(1_200)
  })
})

test('a person’s spans end with the person', async () => {
  const { site, open } = createScene({ sessionEnded: true })
  const { waybill } = await open()
  const span = waybill.start('Checkout')
  await span.started
  waybill.reset()
  expect(await span.end()).toEqual({ status: 'dropped', reason: 'span_ended' })
  waybill.track('next')
  await waybill.flush()
  expect((await site.lines()).map(({ event, span: ended }) => [event, ended?.outcome])).toEqual([
    ['Checkout', 'abandoned'],
    ['Session Ended', undefined],
    ['next', undefined],
  ])
})

test('what one person began says nothing in what the next one does, though its page never heard its id', async () => {
  const shown: string[] = []
  const { site, open } = createScene({
    consent: 'pending',
    beforeSend(event) {
      shown.push(JSON.stringify(event.properties))
      return event
    },
  })
  const { waybill } = await open()
  const [alices, alicesVideo] = [waybill.start('Checkout', { who: 'alice' }), waybill.start('Video')]
  expect(await alices.started).toEqual({ status: 'memory' })
  const granted = waybill.consent('granted')
  waybill.reset()
  waybill.identify('bob')
  const bobs = waybill.start('Checkout', { who: 'bob' })
  await granted
  expect(await alices.set({ card: '4111' })).toEqual({ status: 'dropped', reason: 'span_ended' })
  expect(await alices.end()).toEqual({ status: 'dropped', reason: 'span_ended' })
  expect(await alicesVideo.end()).toEqual({ status: 'dropped', reason: 'span_ended' })
  expect(shown).not.toContain('{"card":"4111"}') // It would be shown as if it were bob's.
  expect(await bobs.end()).toMatchObject({ status: 'durable' })
  await waybill.flush()
  const told = (await site.lines()).filter(({ event }) => event === 'Checkout')
  expect(told.map(({ userId, properties, span }) => [userId, properties, span?.outcome])).toEqual([
    [undefined, { who: 'alice' }, 'abandoned'],
    ['bob', { who: 'bob' }, 'completed'],
  ])
})

test('of two spans of one name, begun in one tick, each handle ends its own', async () => {
  const { site, open } = createScene()
  const { waybill } = await open()
  const first = waybill.start('Checkout', { n: 1 })
  first.end()
  const second = waybill.start('Checkout', { n: 2 })
  expect(await first.end()).toEqual({ status: 'dropped', reason: 'span_ended' })
  expect(await second.set({ more: true })).toMatchObject({ status: 'durable' })
  await second.end()
  await waybill.flush()
  expect((await site.lines()).map(({ properties }) => properties)).toEqual([{ n: 1 }, { n: 2, more: true }])
})

test.each(['forget', 'denial'] as const)('a handle from before a %s stays ended after it', async (what) => {
  const { site, open } = createScene()
  const { waybill } = await open()
  const before = waybill.start('Checkout', { before: true }) // Not awaited.
  const done = what === 'forget' ? waybill.forget() : waybill.consent('denied')
  if (what === 'denial') await done.then(() => waybill.consent('granted'))
  await done
  const after = waybill.start('Checkout')
  expect(await before.end({ late: true })).toEqual({ status: 'dropped', reason: 'span_ended' })
  await after.end()
  await waybill.flush()
  expect((await site.lines()).map(({ properties }) => properties)).toEqual([{}])
})

test('what is forgotten is not told of any more', async () => {
  const { site, open } = createScene({ sessionTimeout: 200 })
  const { waybill } = await open()
  const span = waybill.start('Checkout')
  await span.started
  await waybill.forget()
  expect(await span.end()).toEqual({ status: 'dropped', reason: 'span_ended' })
  await waybill.track('next')
  await waybill.flush()
  expect((await site.lines()).map(({ event }) => event)).toEqual(['next'])
})

test('a session that is over is told of once, whichever of two tabs finds it so', async () => {
  const { site, open } = createScene({ sessionTimeout: 300, sessionEnded: true })
  const [first, second] = [await open(), await open()]
  await first.waybill.track('a')
  await expect
    .poll(async () => {
      await Promise.all([first.waybill.flush(), second.waybill.flush()])
      return (await site.lines()).map(({ event }) => event)
    })
    .toEqual(['a', 'Session Ended'])
  await Promise.all([first.waybill.track('b'), second.waybill.track('b')])
  await first.waybill.flush()
  const told = (await site.lines()).map(({ event, state }) => [event, state.session.number])
  expect(told.slice(0, 4)).toEqual([
    ['a', 1],
    ['Session Ended', 1],
    ['b', 2],
    ['b', 2],
  ])
})

test('beforeSend sees what a span gathers before it is stored', async () => {
  const { site, name, open } = createScene({
    beforeSend: (event) => ({
      ...event,
      properties: { ...event.properties, ...(event.properties?.card ? { card: '…' } : {}) },
    }),
  })
  const { waybill } = await open()
  const span = waybill.start('Checkout', { card: '4111' })
  await span.started
  expect(JSON.stringify(await readAll(openStores(name)))).not.toContain('4111')
  await span.end({ total: 42 })
  await waybill.flush()
  expect(await site.lines()).toMatchObject([{ event: 'Checkout', properties: { card: '…', total: 42 } }])
})

test('bad input is refused for its reason, and nothing is thrown at the page', async () => {
  const { open } = createScene()
  const { waybill } = await open()
  const hostile = {
    toJSON: () => {
      throw new Error('no')
    },
  }
  // biome-ignore lint/suspicious/noExplicitAny: what a page without types can do
  const start = waybill.start as any
  expect(await start().started).toEqual({ status: 'dropped', reason: 'invalid_name' })
  expect(await start('a', hostile).started).toEqual({ status: 'dropped', reason: 'not_serialisable' })
  const span = start('a')
  expect(await span.add('n', 'many')).toEqual({ status: 'dropped', reason: 'not_a_number' })
  expect(await span.set('text')).toEqual({ status: 'dropped', reason: 'not_an_object' })
  expect(await span.end(null, null)).toMatchObject({ status: 'durable', seq: 1 })
})
