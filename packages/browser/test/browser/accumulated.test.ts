import { afterEach, describe, expect, test } from 'vitest'
import {
  counts,
  createWaybill,
  defineAccumulator,
  pageView,
  type State,
  touch,
  type Waybill,
  type WaybillOptions,
} from '../../src/index.ts'
import { createDatabaseName, openStores } from '../databases.ts'
import { type HostPage, navigate, openPage } from '../host-page.ts'
import type { Line } from '../operations.ts'
import { readAll, turn } from '../parts.ts'
import { createSite, type Site } from '../site.ts'

const closing: Waybill[] = []

afterEach(async () => {
  await Promise.all(closing.splice(0).map((waybill) => waybill.close()))
})

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

/** Everything that has arrived, as a sink has it. */
async function arrived(site: Site): Promise<(Line & { state: Record<string, never> })[]> {
  return (await site.lines()) as never
}

/** What a Waybill says goes wrong. */
function errorsOf(waybill: Waybill): string[] {
  const errors: string[] = []
  waybill.on('error', ({ code, detail }) => errors.push(`${code}: ${detail}`))
  return errors
}

const cart = defineAccumulator({
  name: 'cart',
  initial: { items: 0 },
  fold: (value, { event }) => ({ items: value.items + (event === 'Added' ? 1 : 0) }),
})

describe('an accumulator of the app’s', () => {
  test('rides on every event, and is exact over tabs', async () => {
    const { waybill, site, name } = await openWaybill({ accumulators: [cart] })
    const other = start(await openPage(), site, { name, accumulators: [cart] })
    await Promise.all(Array.from({ length: 40 }, (_, index) => (index % 2 ? waybill : other).track('Added')))
    await waybill.flush()
    expect((await arrived(site)).map(({ seq, state }) => [seq, state.cart])).toEqual(
      Array.from({ length: 40 }, (_, index) => [index + 1, { items: index + 1 }]),
    )
  })

  test('that fails is told, and harms no event and no other', async () => {
    const bad = { name: 'bad', initial: 0, fold: () => Promise.reject(new Error('no')) }
    const { waybill, site } = await openWaybill({ accumulators: [bad, cart] })
    const errors = errorsOf(waybill)
    expect(await waybill.track('Added')).toMatchObject({ status: 'durable' })
    await waybill.flush()
    expect(errors).toEqual(['accumulator: bad: TypeError: a promise; a value is needed'])
    expect((await arrived(site))[0]?.state).toMatchObject({ bad: 0, cart: { items: 1 } })
  })

  test('that can’t be used is told as soon as the app can listen, and left out', async () => {
    const { waybill, site } = await openWaybill({ accumulators: [{ ...cart, name: 'session' }, cart] })
    const errors = errorsOf(waybill)
    await waybill.track('Added')
    await waybill.flush()
    expect(errors).toEqual(['accumulator: session: the name is taken'])
    expect((await arrived(site))[0]?.state).toMatchObject({ session: { number: 1 }, cart: { items: 1 } })
  })

  test('that another tab does not know is carried through untouched by it', async () => {
    const { waybill, site, name } = await openWaybill({ accumulators: [cart] })
    await waybill.track('Added')
    const older = start(await openPage(), site, { name })
    await older.track('Added')
    await waybill.track('Added')
    await waybill.flush()
    expect((await arrived(site)).map(({ state }) => state.cart)).toEqual([{ items: 1 }, { items: 1 }, { items: 2 }])
  })
})

describe('the built-in ones', () => {
  test('say of each event who the person was, and where the session began', async () => {
    const { waybill, site, page } = await openWaybill()
    waybill.page('Home')
    waybill.identify('u1', { plan: 'free' })
    waybill.group('g1', { seats: 5 })
    waybill.identify('u1', { plan: 'pro' })
    waybill.track('Bought')
    waybill.reset()
    waybill.track('Left')
    await waybill.flush()
    const lines = await arrived(site)
    const page1 = page.window.location.href.split('?')[0]
    expect(lines.map(({ state }) => state.identity)).toEqual([
      { traits: {}, groupTraits: {} },
      { userId: 'u1', traits: { plan: 'free' }, groupTraits: {} },
      { userId: 'u1', traits: { plan: 'free' }, groupId: 'g1', groupTraits: { seats: 5 } },
      { userId: 'u1', traits: { plan: 'pro' }, groupId: 'g1', groupTraits: { seats: 5 } },
      { userId: 'u1', traits: { plan: 'pro' }, groupId: 'g1', groupTraits: { seats: 5 } },
      { traits: {}, groupTraits: {} },
    ])
    expect(lines[4]?.state).toMatchObject({
      session: { number: 1, events: 5, pages: 1, entryPage: page1 },
      visitor: { sessions: 1, events: 5 },
    })
  })

  test('that are asked for ride along: touch, page view and counts', async () => {
    const { waybill, site } = await openWaybill({ accumulators: [touch(), pageView(), counts(['Bought'])] })
    waybill.page('Home')
    waybill.track('Bought')
    waybill.page('Cart')
    await waybill.flush()
    const states = (await arrived(site)).map(({ state }) => state) as unknown as State<
      [ReturnType<typeof touch>, ReturnType<typeof pageView>]
    >[]
    expect(states[0]?.touch?.first).toMatchObject({ page: expect.stringContaining('/host-page.html') })
    expect(states.map(({ page }) => [page?.number, page?.viewId.split('.')[1], page?.previous?.viewId])).toEqual([
      [1, 'v1', undefined],
      [1, 'v1', undefined],
      [2, 'v2', states[0]?.page?.viewId],
    ])
    expect(states.map((state) => (state as { counts?: unknown }).counts)).toEqual([
      { Bought: 0 },
      { Bought: 1 },
      { Bought: 1 },
    ])
  })
})

describe('a page that is left before the store answers', () => {
  test('leaves behind what the event sets and what accumulated in the page', async () => {
    const [site, name, page] = [createSite(), createDatabaseName(), await openPage()]
    const accumulators = [{ ...cart, scope: 'page' as const }]
    const waybill = page.window.createWaybill({ endpoint: site.endpoint, writeKey: 'wk_1', name, accumulators })
    await waybill.track('Added')
    page.window.addEventListener('pagehide', () => {
      waybill.track('Group Changed', {}, { set: { group: 'G2' } })
      waybill.track('Added')
    })
    await navigate(page)
    const next = start(await openPage(), site, { name })
    await next.track('later')
    await next.flush()
    const lines = await arrived(site)
    expect(lines.map(({ event, state }) => [event, state.registered, state.cart])).toEqual([
      ['Added', {}, { items: 1 }],
      ['Group Changed', { group: 'G2' }, { items: 1 }],
      ['Added', { group: 'G2' }, { items: 2 }],
      ['later', { group: 'G2' }, undefined],
    ])
  })
})

describe('what an event sets', () => {
  test('and can’t be kept drops the event, for its reason', async () => {
    const { waybill } = await openWaybill()
    const track = (set: unknown) => waybill.track('x', {}, { set: set as object })
    expect(await track([1])).toEqual({ status: 'dropped', reason: 'not_an_object' })
    expect(await track({ text: 'x'.repeat(7_000) })).toEqual({ status: 'dropped', reason: 'state_too_large' })
    expect(await track({ big: 1n })).toEqual({ status: 'dropped', reason: 'not_serialisable' })
    expect(await waybill.stats()).toMatchObject({ seq: 0, state: { registered: {} } })
    expect(await track(undefined)).toMatchObject({ seq: 1 })
  })
})

describe('state', () => {
  test('is what is stored, and what has accumulated in this page', async () => {
    const { waybill } = await openWaybill({ accumulators: [cart, pageView()] })
    expect(await waybill.state()).toEqual({ registered: {} })
    waybill.identify('u1', { plan: 'pro' })
    waybill.register({ test: 'b' })
    waybill.page()
    await waybill.track('Added', {}, { set: { group: 'G2' } })
    const state = await waybill.state()
    expect(state).toMatchObject({
      userId: 'u1',
      registered: { test: 'b', group: 'G2' },
      cart: { items: 1 },
      identity: { traits: { plan: 'pro' } },
      page: { number: 1 },
      streamId: (await waybill.stats()).streamId,
    })
    expect(Object.keys(state)).not.toContain('about')
  })

  test('is memory’s where there is no store', async () => {
    const page = await openPage('IndexedDB')
    const waybill = start(page, createSite(), { name: createDatabaseName() })
    await waybill.track('a', {}, { set: { group: 'G2' } })
    expect(await waybill.state()).toMatchObject({ registered: { group: 'G2' }, visitor: { events: 1 } })
  })

  test('is nobody’s after reset and forget', async () => {
    const { waybill } = await openWaybill({ accumulators: [pageView()] })
    await waybill.track('a', {}, { set: { group: 'G2' } })
    const { anonymousId } = await waybill.state()
    await waybill.reset()
    const state = await waybill.state()
    expect(state.registered).toEqual({})
    expect(state.anonymousId).not.toBe(anonymousId)
    await waybill.track('b')
    await waybill.forget()
    expect(await waybill.state()).toEqual({ registered: {} })
  })

  test('is nobody’s where the visitor has not consented', async () => {
    const page = await openPage()
    const waybill = start(page, createSite(), { name: createDatabaseName(), consent: 'denied' })
    expect(await waybill.state()).toEqual({ registered: {} })
  })
})

describe('subscribe', () => {
  const groupsOf = (waybill: Waybill) => {
    const told: unknown[] = []
    const unsubscribe = waybill.subscribe(({ registered }) => told.push(registered.group))
    return { told, unsubscribe }
  }

  test('tells the state, and what any tab changes of it, in order', async () => {
    const { waybill, site, name } = await openWaybill()
    const other = start(await openPage(), site, { name })
    await waybill.register({ group: 'G1' })
    const [here, there] = [groupsOf(waybill), groupsOf(other)]
    await expect.poll(() => [here.told, there.told]).toEqual([['G1'], ['G1']])
    await other.track('Group Changed', {}, { set: { group: 'G2' } })
    await expect.poll(() => [here.told.at(-1), there.told.at(-1)]).toEqual(['G2', 'G2'])
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? waybill : other).register({ group: `G${index + 3}` })),
    )
    const { registered } = await waybill.state()
    await expect.poll(() => [here.told.at(-1), there.told.at(-1)]).toEqual([registered.group, registered.group])
    here.unsubscribe()
    const count = here.told.length
    await waybill.register({ group: 'last' })
    await expect.poll(() => there.told.at(-1)).toBe('last')
    expect(here.told).toHaveLength(count)
  })

  test('tells that nobody is there any more', async () => {
    const { waybill, site, name } = await openWaybill()
    const other = start(await openPage(), site, { name })
    await waybill.register({ group: 'G1' })
    const { told } = groupsOf(other)
    await expect.poll(() => told).toEqual(['G1'])
    await waybill.consent('denied')
    await expect.poll(() => told).toEqual(['G1', undefined])
  })

  test('tells a page of its own changes where there is no BroadcastChannel', async () => {
    const page = await openPage('BroadcastChannel')
    const waybill = start(page, createSite(), { name: createDatabaseName() })
    const { told } = groupsOf(waybill)
    await waybill.register({ group: 'G1' })
    await expect.poll(() => told.at(-1)).toBe('G1')
  })

  test('stores and announces nothing before consent', async () => {
    const name = createDatabaseName()
    const announced: unknown[] = []
    const channel = new BroadcastChannel(`${name}.state`)
    channel.onmessage = ({ data }) => announced.push(data)
    const waybill = start(await openPage(), createSite(), { name, consent: 'pending' })
    const { told } = groupsOf(waybill)
    waybill.register({ group: 'G1' })
    waybill.track('a')
    await waybill.forget()
    await expect.poll(() => told).toEqual([undefined])
    await turn()
    expect(announced).toEqual([])
    expect((await indexedDB.databases()).map((database) => database.name)).not.toContain(name)
    await waybill.consent('granted')
    await waybill.register({ group: 'G2' })
    await expect.poll(() => told.at(-1)).toBe('G2')
    await expect.poll(() => announced.length).toBeGreaterThan(0)
    channel.close()
  })

  test('ends with close', async () => {
    const { waybill, site, name } = await openWaybill()
    const other = start(await openPage(), site, { name })
    const [closed, open] = [groupsOf(waybill), groupsOf(other)]
    await expect.poll(() => [closed.told.length, open.told.length]).toEqual([1, 1])
    await waybill.close()
    await other.register({ group: 'G1' })
    await expect.poll(() => open.told).toEqual([undefined, 'G1'])
    expect(closed.told).toEqual([undefined])
  })
})

describe('beforeSend', () => {
  test('sees every kind of event with the latest state, and changes what is stored', async () => {
    const types: string[] = []
    const { waybill, site } = await openWaybill({
      beforeSend(event, { registered }) {
        types.push(event.type)
        return { ...event, context: {}, properties: { group: registered.group ?? null } }
      },
    })
    await waybill.track('a', { card: '4111' }, { set: { group: 'G2' } })
    waybill.track('b', { card: '4111' })
    waybill.page()
    waybill.identify('u1')
    waybill.group('g1')
    await waybill.flush()
    expect(types).toEqual(['track', 'track', 'page', 'identify', 'group'])
    const lines = await arrived(site)
    expect(lines.slice(0, 2).map(({ properties }) => properties)).toEqual([{ group: null }, { group: 'G2' }])
    expect(lines.every(({ context }) => Object.keys(context ?? {}).length === 0)).toBe(true)
    expect(JSON.stringify(lines)).not.toContain('4111')
  })

  test('knows what another tab has stored', async () => {
    const seen: unknown[] = []
    const { waybill, site, name } = await openWaybill({
      beforeSend(event, { registered }) {
        seen.push(registered.group)
        return event
      },
    })
    await start(await openPage(), site, { name }).register({ group: 'G2' })
    await expect
      .poll(async () => {
        await waybill.track('a')
        return seen.at(-1)
      })
      .toBe('G2')
  })

  test('drops what it returns nothing for; it is counted', async () => {
    const { waybill, name } = await openWaybill({ beforeSend: (event) => (event.event === 'secret' ? null : event) })
    const errors = errorsOf(waybill)
    const dropped: string[] = []
    waybill.on('dropped', ({ reason }) => dropped.push(reason))
    expect(await waybill.track('secret')).toEqual({ status: 'dropped', reason: 'before_send' })
    expect(await waybill.track('a')).toMatchObject({ seq: 1 })
    expect(dropped).toEqual(['before_send'])
    expect((await waybill.stats()).dropped).toBe(1)
    expect(errors).toEqual([])
    expect(JSON.stringify((await readAll(openStores(name))).lines)).not.toContain('secret')
  })

  test.each<[how: string, beforeSend: () => unknown, why: string]>([
    [
      'throws',
      () => {
        throw new Error('no')
      },
      'Error: no',
    ],
    ['promises', () => Promise.reject(new Error('late')), 'TypeError: a promise; a value is needed'],
  ])('that %s lets nothing out, and says so', async (_how, beforeSend, why) => {
    const { waybill, site } = await openWaybill({ beforeSend: beforeSend as never })
    const errors = errorsOf(waybill)
    expect(await waybill.track('a')).toEqual({ status: 'dropped', reason: 'before_send' })
    await waybill.flush()
    expect(errors).toEqual([`before_send: ${why}`])
    expect(await site.seen()).toEqual([])
  })

  test('is not asked where nobody may be tracked any more', async () => {
    let asked = 0
    const { waybill } = await openWaybill({
      beforeSend(event) {
        asked++
        return event
      },
    })
    await waybill.close()
    await waybill.track('a')
    expect(asked).toBe(0)
  })
})

test('an app’s accumulators have their types in state, subscribe and beforeSend', async () => {
  const { name, site } = await openWaybill()
  const waybill = createWaybill({
    endpoint: site.endpoint,
    writeKey: 'wk_1',
    name,
    accumulators: [cart],
    beforeSend(event, state) {
      const items: number | undefined = state.cart?.items
      return { ...event, properties: { items: items ?? 0 } }
    },
  })
  closing.push(waybill as unknown as Waybill)
  await waybill.track('Added')
  const items: number | undefined = (await waybill.state()).cart?.items
  expect(items).toBe(1)
})
