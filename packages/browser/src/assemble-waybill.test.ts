import { describe, expect, test } from 'vitest'
import { createGate, turn } from '../test/parts.ts'
import { openBrowser } from '../test/tabs.ts'
import { defineAccumulator } from './core/accumulator.ts'
import { session } from './core/accumulators/session.ts'
import { touch } from './core/accumulators/touch.ts'

const find = (all: Awaited<ReturnType<ReturnType<typeof openBrowser>['events']>>, name: string) =>
  all.find(({ event }) => event === name)

/** The clocks that the events of several people have in common. */
const links = (all: { boot?: string; anonymousId?: string }[]) =>
  [...Map.groupBy(all, ({ boot }) => boot)].filter(
    ([, events]) => new Set(events.map(({ anonymousId }) => anonymousId)).size > 1,
  )

test('what is dropped after a denial does not count in the page', async () => {
  const { openTab, events } = openBrowser()
  const tab = openTab()
  await tab.consent('denied')
  expect(await tab.track('a')).toMatchObject({ status: 'dropped' })
  expect((await tab.state()).count).toBeUndefined()
  await tab.consent('granted')
  await tab.track('b')
  expect(await events()).toMatchObject([{ event: 'b', count: 1 }])
})

test('a denial in another tab ends what the page has accumulated, and its clock', async () => {
  const { openTab, events, pass } = openBrowser()
  const [one, other] = [openTab(), openTab()]
  await one.track('a')
  const [before] = await events()
  await pass(500)
  await other.consent('denied')
  await other.consent('granted')
  await turn()
  await one.track('b')
  const [after] = await events()
  expect(after).toMatchObject({ event: 'b', count: 1, ms: 0 })
  expect(after?.boot).not.toBe(before?.boot)
})

test('what waited for a decision that another tab was denied does not count in the page', async () => {
  const { openTab, events } = openBrowser('pending')
  const [one, other] = [openTab(), openTab()]
  one.track('a')
  await turn()
  await other.consent('denied')
  await other.consent('granted')
  await turn()
  await one.track('b')
  expect((await events()).filter(({ event }) => event === 'b')).toMatchObject([{ count: 1 }])
})

test.each(['denied', 'granted'] as const)(
  'a call made while another tab’s forgetting is being carried out is answered, though the page has not heard of it: then %s',
  async (decision) => {
    const { openTab, tellWishes, pass, events } = openBrowser('granted', { tellsAtOnce: false })
    const [one, other] = [openTab(), openTab()]
    await one.track('a')
    const gate = createGate()
    other.disk.beforeBegin = () => gate.opened
    const forgotten = other.forget()
    await pass(10)
    const called = one.track('b')
    await turn()
    const decided = one.consent(decision)
    gate.open()
    tellWishes()
    await Promise.all([forgotten, decided])
    await called
    await one.close()
    expect((await events()).map(({ event }) => event)).toEqual(decision === 'granted' ? ['b'] : [])
  },
)

test('each person’s clock begins with them', async () => {
  const { openTab, events, pass } = openBrowser()
  const tab = openTab()
  await pass(700)
  await tab.track('a')
  await tab.reset()
  await pass(20)
  await tab.track('b')
  const [a, b] = await events()
  expect([a?.ms, b?.ms]).toEqual([700, 20])
  expect(b?.boot).not.toBe(a?.boot)
})

test('beforeSend sees nothing of the former person after a reset, whatever is committed later', async () => {
  const { openTab } = openBrowser()
  const shown: unknown[] = []
  const tab = openTab({
    beforeSend(event, { registered, anonymousId }) {
      shown.push([event.event, registered.name, anonymousId])
      return event
    },
  })
  await tab.register({ name: 'Ada' })
  await tab.track('a')
  const { anonymousId } = await tab.state()
  tab.track('b')
  await tab.track('c')
  tab.track('d')
  const done = tab.reset()
  tab.track('e')
  await done
  await tab.track('f')
  expect(shown.slice(0, 2)).toMatchObject([
    ['a', 'Ada', anonymousId],
    ['b', 'Ada', anonymousId],
  ])
  expect(shown.slice(4)).toMatchObject([
    ['e', undefined, undefined],
    ['f', undefined, expect.not.stringMatching(String(anonymousId))],
  ])
})

test('subscribe tells nothing of the former person with what the page has of the next, and tells of the next', async () => {
  const { openTab } = openBrowser()
  const tab = openTab()
  await tab.track('a')
  const { anonymousId } = await tab.state()
  const told: (readonly unknown[])[] = []
  tab.subscribe((state) => told.push([state.anonymousId, state.count]))
  await turn()
  const gate = createGate()
  tab.disk.beforeDone = () => gate.opened
  tab.register({ plan: 'pro' })
  await turn()
  tab.reset()
  tab.track('b')
  tab.track('c')
  gate.open()
  await turn()
  const next = (await tab.state()).anonymousId
  expect(next).not.toBe(anonymousId)
  expect(told.filter(([who]) => who === anonymousId)).toEqual([[anonymousId, 1]])
  expect(told.at(-1)).toEqual([next, 2])
})

test('subscribe tells of the next person once a reset is stored, though nothing is tracked', async () => {
  const { openTab } = openBrowser()
  const tab = openTab()
  await tab.track('a')
  const { anonymousId } = await tab.state()
  const told: unknown[] = []
  tab.subscribe((state) => told.push(state.anonymousId))
  await turn()
  await tab.reset()
  await turn()
  expect(told).toEqual([anonymousId, undefined, (await tab.state()).anonymousId])
})

test.each(['reset', 'forget'] as const)('after %s() in another tab no event links the two people', async (end) => {
  const { openTab, events, pass } = openBrowser()
  const [one, other] = [openTab(), openTab()]
  await one.track('a')
  await other.track('b')
  const [before] = await events()
  await pass(500)
  await other[end]()
  await other.track('c')
  await Promise.all([one.track('d'), one.track('e')])
  await pass(20)
  await one.track('f')
  const after = (await events()).filter(({ event = '' }) => event > 'c')
  const last = after.at(-1)
  expect(last).toMatchObject({ event: 'f', count: end === 'reset' ? 1 : 3 })
  expect(after.map(({ anonymousId }) => anonymousId)).not.toContain(before?.anonymousId)
  expect(after.map(({ boot }) => boot)).not.toContain(before?.boot)
  expect(after.map((event) => event.count)).toEqual(end === 'reset' ? [undefined, undefined, 1] : [1, 2, 3])
})

test('a reset of the page’s own takes nothing from what is tracked after it', async () => {
  const { openTab, events } = openBrowser()
  const tab = openTab()
  await tab.track('a')
  tab.track('b')
  tab.reset()
  await Promise.all([tab.track('c'), tab.track('d')])
  await tab.track('e')
  const all = await events()
  expect(all.map((event) => event.count)).toEqual([1, 2, 1, 2, 3])
  expect(new Set(all.slice(2).map(({ boot }) => boot)).size).toBe(1)
})

describe('a page that is left right after its own reset()', () => {
  test.each([
    ['before its transaction could begin', 'beforeBegin'],
    ['before it was committed', 'beforeCommit'],
    ['before it heard of the commit', 'beforeDone'],
  ] as const)('%s: what it tracks then is of the next person', async (_when, point) => {
    const { openTab, events } = openBrowser()
    const tab = openTab()
    await tab.identify('ada')
    const gate = createGate()
    tab.disk[point] = () => gate.opened
    tab.reset()
    await turn()
    tab.track('b')
    tab.leave()
    tab.track('c')
    gate.open()
    await turn()
    await openTab().track('d')
    const all = await events()
    const [ada] = all
    for (const name of ['b', 'c', 'd']) {
      expect(find(all, name)).toMatchObject({ anonymousId: find(all, 'd')?.anonymousId, userId: undefined })
      expect(find(all, name)?.anonymousId).not.toBe(ada?.anonymousId)
    }
  })

  test('ends the person that it knows, whoever it stamped for last', async () => {
    const { openTab, events } = openBrowser()
    const [tab, other] = [openTab(), openTab()]
    await tab.track('a')
    await other.reset()
    await other.identify('bob')
    expect((await tab.state()).userId).toBe('bob')
    tab.track('b')
    tab.reset()
    tab.leave()
    await turn()
    await openTab().track('c')
    const all = await events()
    expect(find(all, 'b')?.userId).toBe('bob')
    expect(find(all, 'c')?.userId).toBeUndefined()
  })

  test.each([
    ['ends who was here at the call, though its page had not heard of them', 1, undefined],
    ['ends nobody who came after the call', -1, 'bob'],
  ])('%s', async (_, after, userId) => {
    const { openTab, events, pass } = openBrowser()
    const [tab, other] = [openTab(), openTab()]
    const leaveWithReset = () => {
      tab.reset()
      tab.leave()
    }
    await tab.identify('ada')
    await pass(1)
    if (after < 0) leaveWithReset()
    await pass(1)
    await other.reset()
    await other.identify('bob')
    await pass(1)
    if (after > 0) leaveWithReset()
    await turn()
    await openTab().track('c')
    expect(find(await events(), 'c')?.userId).toBe(userId)
  })
})

test.each(['here', 'in another tab'])(
  'what is tracked after a forget() %s stays, though the store fails',
  async (where) => {
    const { openTab, events, pass } = openBrowser()
    const [tab, other] = [openTab(), openTab()]
    await tab.track('a')
    tab.disk.always = new Error('disk')
    tab.track('b')
    await pass(6_000)
    const forgetting = where === 'here' ? tab : other
    forgetting.forget()
    await pass(5_000)
    expect(await tab.track('c')).toMatchObject({ status: 'memory' })
    tab.disk.always = undefined
    await pass(140_000)
    await tab.track('d')
    expect((await events()).map(({ event }) => event)).toEqual(['c', 'd'])
  },
)

describe('in one millisecond', () => {
  test.each(['stays', 'is left'] as const)(
    'forget() takes what was tracked before it, and nothing after it, where the page %s',
    async (what) => {
      const { openTab, events, pass } = openBrowser()
      const tab = openTab()
      await tab.track('a')
      const calls = [tab.track('b')]
      tab.forget()
      calls.push(tab.track('c'))
      tab.forget()
      calls.push(tab.track('d'))
      if (what === 'is left') tab.leave()
      await turn()
      if (what === 'stays')
        expect(await Promise.all(calls)).toMatchObject([
          { reason: 'forgotten' },
          { reason: 'forgotten' },
          { status: 'durable' },
        ])
      await pass(1_000)
      await openTab().track('e')
      expect((await events()).map(({ event }) => event)).toEqual(['d', 'e'])
    },
  )

  test('a denial takes what was tracked before it, and a grant after it brings nothing back', async () => {
    const { openTab, events } = openBrowser()
    const tab = openTab()
    const before = tab.track('a')
    await tab.consent('denied')
    await tab.consent('granted')
    await tab.track('b')
    expect(await before).toMatchObject({ status: 'dropped' })
    expect((await events()).map(({ event }) => event)).toEqual(['b'])
  })

  test('forget() stops no clock that is set back', async () => {
    const { openTab, events, set, now } = openBrowser()
    const tab = openTab()
    await tab.forget()
    set(now() - 60_000)
    await tab.track('a')
    const [a] = await events()
    expect(a?.timestamp).toBe(new Date(now()).toISOString())
  })
})

test('after two resets in another tab a page goes on as the person who is here now', async () => {
  const { openTab, events } = openBrowser()
  const [tab, other] = [openTab(), openTab()]
  await tab.track('a')
  for (const _ of [1, 2]) {
    await other.reset()
    await tab.state()
  }
  for (const name of ['b', 'c', 'd']) await tab.track(name)
  expect((await events()).slice(1).map((event) => event.count)).toEqual([1, 2, 3])
})

describe('before a page knows the person', () => {
  test.each(['event', 'span'])('no clock of its %ss links the one who is reset meanwhile to the next', async (kind) => {
    const { openTab, events } = openBrowser()
    const other = openTab()
    await other.track('a')
    const tab = openTab()
    const gate = createGate()
    tab.disk.beforeCommit = () => gate.opened
    const call = (name: string) => (kind === 'event' ? tab.track(name) : tab.start(name).end())
    const first = call('b')
    await turn()
    const done = other.reset()
    await turn()
    tab.disk.beforeCommit = () => {}
    const second = call('c')
    gate.open()
    await Promise.all([first, done, second])
    await tab.track('d')
    const all = await events()
    const [, b, c, d] = all
    expect(b?.anonymousId).not.toBe(c?.anonymousId)
    expect(c?.anonymousId).toBe(d?.anonymousId)
    expect(links(all)).toEqual([])
    expect(c).not.toHaveProperty('count')
  })

  test('nor do those of one that is left, stamped by another, and back', async () => {
    const { openTab, events } = openBrowser()
    const [tab, other] = [openTab(), openTab()]
    tab.track('a')
    tab.leave()
    await turn()
    other.run()
    await other.reset()
    tab.run()
    await tab.track('b')
    const all = await events()
    expect(all.map(({ event, count }) => [event, count])).toEqual([
      ['a', 1],
      ['b', 1],
    ])
    expect(links(all)).toEqual([])
  })
})

test('a span that is started after an unheard reset in another tab is the next person’s, and goes on', async () => {
  const { openTab, events, pass } = openBrowser()
  const [tab, other] = [openTab(), openTab()]
  await tab.track('a')
  const former = tab.start('Former')
  await former.started
  await other.reset()
  const span = tab.start('Checkout')
  await span.started
  await pass(20_000)
  expect(await former.end()).toMatchObject({ reason: 'span_ended' })
  await span.end()
  await tab.track('b')
  const all = await events()
  const [checkout, b] = ['Checkout', 'b'].map((name) => find(all, name))
  expect(checkout?.span).toMatchObject({ outcome: 'completed', duration: 20_000 })
  expect(checkout?.anonymousId).toBe(b?.anonymousId)
  expect(links(all)).toEqual([])
})

test('stats count at once what was refused at the call, and once', async () => {
  const { openTab } = openBrowser()
  const tab = openTab({ beforeSend: ({ event, ...rest }) => (event === 'no' ? null : { event, ...rest }) })
  await tab.track('no')
  await tab.track('')
  expect((await tab.stats()).dropped).toBe(2)
  await tab.track('a')
  expect((await tab.stats()).dropped).toBe(2)
})

test('beforeSend sees what an event sets, and may change it', async () => {
  const { openTab } = openBrowser()
  const tab = openTab({
    beforeSend: ({ set, ...event }) => ({ ...event, ...(set && { set: { ...set, email: 'hidden' } }) }),
  })
  await tab.track('a', {}, { set: { email: 'a@b.example', plan: 'pro' } })
  expect((await tab.state()).registered).toEqual({ email: 'hidden', plan: 'pro' })
  const faulty = openTab({ beforeSend: (event) => ({ ...event, set: 'x' as never }) })
  expect(await faulty.track('b')).toEqual({ status: 'dropped', reason: 'not_an_object' })
})

test('once a page has awaited the state, beforeSend sees what pages before it stored', async () => {
  const { openTab } = openBrowser()
  await openTab().register({ plan: 'pro' })
  const shown: unknown[] = []
  const tab = openTab({
    beforeSend(event, { registered }) {
      shown.push(registered)
      return event
    },
  })
  await tab.state()
  await tab.track('a')
  expect(shown).toEqual([{ plan: 'pro' }])
})

test('the next person in a document did not come by the former’s click, but by what the address says since', async () => {
  const { page, openTab, events } = openBrowser()
  const tab = openTab({ accumulators: [touch()] })
  await tab.track('a')
  await tab.reset()
  await tab.track('b')
  page.url = 'https://shop.example/?gclid=2'
  await tab.track('c')
  const [a, b, c] = await events()
  expect(a?.context).toMatchObject({ page: { search: '?gclid=1', referrer: 'https://ads.example/' } })
  expect(b?.context).toEqual({
    page: { url: 'https://shop.example/', search: '', referrer: '' },
    library: expect.anything(),
  })
  expect(a?.touch?.last?.clickIds).toEqual({ gclid: '1' })
  expect(b?.touch?.last).not.toHaveProperty('clickIds')
  expect(c?.touch?.last?.clickIds).toEqual({ gclid: '2' })
})

test.each(['page', 'visitor'] as const)(
  'a fold that fails at every event, in %s scope, is told once',
  async (scope) => {
    const { openTab, events } = openBrowser()
    const failing = defineAccumulator({
      name: 'bad',
      scope,
      initial: 0,
      fold() {
        throw new Error('no')
      },
    })
    const tab = openTab({ accumulators: [failing] })
    const told: string[] = []
    tab.on('error', ({ detail }) => {
      told.push(detail)
      tab.track('Error')
    })
    await tab.track('a')
    await tab.track('b')
    expect(told).toEqual(['bad: Error: no'])
    expect((await events()).map(({ event }) => event).sort()).toEqual(['Error', 'a', 'b'])
  },
)

describe('without the standard accumulators', () => {
  test('an event carries what is registered, how the buffer stands, and what the app named', async () => {
    const { openTab, events } = openBrowser()
    const tab = openTab({ sessionEnded: true }, [])
    await tab.register({ plan: 'pro' })
    await tab.track('a')
    await tab.reset()
    expect(await events()).toHaveLength(1)
    expect(Object.keys((await events())[0] ?? {})).toEqual(expect.arrayContaining(['registered', 'buffer', 'count']))
    expect((await events())[0]).not.toHaveProperty('session')
  })

  test('what a tab has that folds them is carried through', async () => {
    const { openTab, events } = openBrowser()
    await openTab().track('a')
    await openTab({}, []).track('b')
    await openTab().track('c')
    const [a, b, c] = await events()
    expect(b?.session).toEqual(a?.session)
    expect(c?.session).toEqual({ ...a?.session, events: 2 })
  })

  test('a session that the app names last is begun before what it names first', async () => {
    const { openTab, events } = openBrowser()
    const inSession = defineAccumulator({ name: 'count', scope: 'session', initial: 0, fold: (value) => value + 1 })
    await openTab({ accumulators: [inSession, session()] }, []).track('a')
    expect(await events()).toMatchObject([{ count: 1, session: { number: 1 } }])
  })
})

test('what was refused where a denial stood from the outset takes nothing from how the first person came', async () => {
  const { openTab, events } = openBrowser('denied')
  const tab = openTab({ accumulators: [touch()] })
  await tab.track('a')
  await tab.consent('granted')
  await tab.track('b')
  expect((await events()).map(({ event, touch }) => [event, touch?.last?.clickIds])).toEqual([['b', { gclid: '1' }]])
})

test('each of two accumulators that fail is told, whatever their names have in common', async () => {
  const { openTab } = openBrowser()
  const fold = () => {
    throw new Error('no')
  }
  const tab = openTab({ accumulators: ['cart:total', 'cart:count'].map((name) => ({ name, initial: 0, fold })) })
  const told: string[] = []
  tab.on('error', ({ detail }) => told.push(detail))
  await tab.track('a')
  expect(told.filter((detail) => detail.startsWith('cart'))).toEqual(['cart:total: Error: no', 'cart:count: Error: no'])
})

test('an event whose `beforeSend` resets has nothing in common with what comes after it', async () => {
  const { openTab, events } = openBrowser()
  let isOut = false
  const tab = openTab({
    beforeSend(event) {
      if (event.event === 'Logged Out' && !isOut) {
        isOut = true
        tab.reset()
      }
      return event
    },
  })
  await tab.track('a')
  await tab.track('Logged Out')
  await tab.track('b')
  const all = await events()
  expect(all.map(({ event }) => event).sort()).toEqual(['Logged Out', 'a', 'b'])
  const peopleOf = new Map<unknown, Set<unknown>>()
  for (const { boot, anonymousId } of all) peopleOf.set(boot, (peopleOf.get(boot) ?? new Set()).add(anonymousId))
  expect([...peopleOf.values()].every(({ size }) => size === 1)).toBe(true)
})
