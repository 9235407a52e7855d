import { describe, expect, test } from 'vitest'
import { MINUTE, T0 } from '../../test/operations.ts'
import { createClock, turn } from '../../test/parts.ts'
import type { DropReason } from '../core/drop-reason.ts'
import type { Operation, SpanOperation } from '../core/operation.ts'
import { createSpanKeeper, type SpansOptions } from './spans.ts'
import type { TrackResult } from './stamping.ts'

const SECOND = 1_000

/** A page and its calls; each is stored at once. It proposes `own1`, `own2`, …, and each span's id is `id`. */
function createScene(given: Partial<SpansOptions> = {}) {
  const clock = createClock()
  const made: SpanOperation[] = []
  const refused: DropReason[] = []
  /** After how many operations. */
  const drains: number[] = []
  let minted = 0
  const scene = { uptime: clock.now, answer: (): TrackResult => ({ status: 'durable', spanId: 'id' }) }
  const submit = async (operation: Operation): Promise<TrackResult> => {
    made.push(operation as SpanOperation)
    return scene.answer()
  }
  const keeper = createSpanKeeper({
    submit,
    drain: () => drains.push(made.length),
    prepare: (event) => event,
    async call(toOperation) {
      const operation = toOperation()
      if (typeof operation === 'object') return submit(operation)
      refused.push(operation)
      return { status: 'dropped', reason: operation }
    },
    now: clock.now,
    uptime: () => scene.uptime() - T0,
    mint: () => `own${++minted}`,
    delay: clock.delay,
    monotonic: (ms) => ({ boot: 'boot', ms: Math.round(ms) }),
    context: () => ({ page: 'here' }),
    mayStore: () => true,
    ...given,
  })
  return { scene, clock, keeper, made, refused, drains, calls: () => made.map(({ call }) => call) }
}

test('each call becomes an operation with the clocks as they stand, and later ones name the span', async () => {
  const { clock, keeper, made } = createScene()
  const span = keeper.start('Checkout', { plan: 'pro' })
  expect(await span.started).toEqual({ status: 'durable', spanId: 'id' })
  await clock.pass(2 * SECOND)
  await span.set({ step: 2 })
  await span.add('items')
  await span.add('items', 2)
  await span.end({ total: 42 }, { outcome: 'declined' })
  const monotonic = { boot: 'boot', ms: 2 * SECOND }
  const later = {
    kind: 'span',
    at: T0 + 2 * SECOND,
    name: 'Checkout',
    id: 'id',
    monotonic,
    ran: 2 * SECOND,
    context: { page: 'here' },
  }
  expect(made).toEqual([
    {
      ...later,
      at: T0,
      call: 'start',
      id: 'own1',
      monotonic: { boot: 'boot', ms: 0 },
      ran: 0,
      properties: { plan: 'pro' },
    },
    { ...later, call: 'set', properties: { step: 2 } },
    { ...later, call: 'add', properties: { items: 1 } },
    { ...later, call: 'add', properties: { items: 2 } },
    { ...later, call: 'end', properties: { total: 42 }, outcome: 'declined' },
  ])
})

test('what it is handed may change afterwards', () => {
  const { keeper, made } = createScene()
  const properties = { total: 42 }
  keeper.start('Checkout', properties)
  properties.total = 0
  expect(made[0]?.properties).toEqual({ total: 42 })
})

test('a span whose end the app has dropped is over, and its event is not made', async () => {
  const { keeper, made, refused } = createScene({
    prepare: (event, ends) => (ends ? 'before_send' : event),
  })
  const span = keeper.start('Checkout')
  await span.started
  expect(await span.end()).toEqual({ status: 'dropped', reason: 'before_send' })
  expect(made.map(({ call, id }) => [call, id])).toEqual([
    ['start', 'own1'],
    ['drop', 'id'],
  ])
  expect(keeper.holds('id')).toBe(false)
  expect(await span.set({ a: 1 })).toEqual({ status: 'dropped', reason: 'span_ended' })
  expect(refused).toEqual(['before_send', 'span_ended'])
})

test('what a call gathers is shown to the app first, which may change it and may drop it', async () => {
  const shown: [text: Record<string, unknown>, ends: boolean][] = []
  const { keeper, made } = createScene({
    prepare(event, ends) {
      if (typeof event === 'string') return event
      const { properties, ...rest } = JSON.parse(event.text)
      shown.push([{ ...rest, properties }, ends])
      if ('secret' in properties) return 'before_send'
      const text = JSON.stringify({ ...rest, properties: { ...properties, card: '…' }, context: {} })
      return { ...event, text, page: { page: { number: 3 } } }
    },
  })
  const span = keeper.start('Checkout', { card: '4111' })
  expect(await span.set({ secret: 1 })).toEqual({ status: 'dropped', reason: 'before_send' })
  await span.end()
  expect(made.map(({ call, properties, context, page }) => [call, properties, context, page])).toEqual([
    ['start', { card: '…' }, {}, undefined],
    ['end', { card: '…' }, {}, { page: { number: 3 } }],
  ])
  expect(shown).toMatchObject([
    [{ type: 'track', event: 'Checkout', properties: { card: '4111' }, context: { page: 'here' } }, false],
    [{ properties: { secret: 1 } }, false],
    [{ properties: {} }, true],
  ])
})

describe('bad input is refused for its reason', () => {
  test.each<[reason: DropReason, misuse: (keeper: ReturnType<typeof createScene>['keeper']) => unknown]>([
    ['invalid_name', (keeper) => keeper.start('')],
    ['invalid_name', (keeper) => keeper.start({} as string)],
    ['invalid_name', (keeper) => keeper.start('a').end({}, { outcome: '' })],
    ['not_an_object', (keeper) => keeper.start('a', 7)],
    ['not_serialisable', (keeper) => keeper.start('a').set({ big: 1n })],
    ['prototype_member', (keeper) => keeper.start('a').add('__proto__')],
    ['not_a_number', (keeper) => keeper.start('a').add('n', Number.NaN)],
    ['not_a_number', (keeper) => keeper.start('a').add('n', '1' as unknown as number)],
  ])('%s', async (reason, misuse) => {
    const { keeper, refused, clock } = createScene()
    misuse(keeper)
    await turn()
    expect(refused).toEqual([reason])
    keeper.close()
    await clock.pass(MINUTE)
  })

  test('a span that was not started is not ticked', async () => {
    const { keeper, clock, made } = createScene()
    keeper.start('')
    await clock.pass(MINUTE)
    expect(made).toEqual([])
    expect(clock.pending()).toEqual([])
  })
})

describe('while a span is open', () => {
  test('its time is written down every 15 seconds, and no more once it has ended', async () => {
    const { keeper, clock, made } = createScene()
    const span = keeper.start('Checkout')
    await clock.pass(40 * SECOND)
    expect(made.map(({ call, ran, id }) => [call, ran, id])).toEqual([
      ['start', 0, 'own1'],
      ['tick', 15 * SECOND, 'id'],
      ['tick', 30 * SECOND, 'id'],
    ])
    await span.end()
    await clock.pass(MINUTE)
    expect(made.map(({ call }) => call)).toEqual(['start', 'tick', 'tick', 'end'])
    expect(clock.pending()).toEqual([])
  })

  test('what another page has left behind comes before each tick: it may have been the one that counted', async () => {
    const { keeper, clock, drains } = createScene()
    keeper.start('Checkout')
    await clock.pass(40 * SECOND)
    expect(drains).toEqual([1, 2])
  })

  test('four times before its session would be over, if that is sooner', async () => {
    const { keeper, clock, calls } = createScene({ sessionTimeout: 4 * SECOND })
    keeper.start('Checkout')
    await clock.pass(3 * SECOND)
    expect(calls()).toEqual(['start', 'tick', 'tick', 'tick'])
  })

  test.each([0, Number.NaN, -1])(
    'and never without a pause, though a session of %s ms makes no sense',
    async (sessionTimeout) => {
      const { keeper, clock, calls } = createScene({ sessionTimeout })
      keeper.start('Checkout')
      await clock.pass(SECOND - 1)
      expect(calls()).toEqual(['start'])
    },
  )

  test('its time is written down when the page may be going, and for the last time when it goes', () => {
    const { keeper, calls } = createScene()
    keeper.start('Checkout')
    keeper.leave()
    expect(calls()).toEqual(['start', 'leave'])
  })

  test('nothing is written where nothing may be', async () => {
    const { keeper, clock, calls } = createScene({ mayStore: () => false })
    keeper.start('Checkout')
    await clock.pass(MINUTE)
    keeper.leave()
    expect(calls()).toEqual(['start'])
  })

  test('a tick that takes long is not followed by another', async () => {
    const { keeper, clock, calls, scene } = createScene()
    keeper.start('Checkout')
    await turn()
    scene.answer = () => new Promise(() => {}) as never
    await clock.pass(MINUTE)
    expect(calls()).toEqual(['start', 'tick'])
    keeper.leave()
    expect(calls()).toEqual(['start', 'tick', 'leave'])
  })

  test('the page lets go of one that was ended elsewhere', async () => {
    const { keeper, clock, calls, scene } = createScene()
    keeper.start('Checkout')
    await turn()
    expect(keeper.holds('id')).toBe(true)
    scene.answer = () => ({ status: 'dropped', reason: 'span_ended' })
    await clock.pass(15 * SECOND)
    expect(keeper.holds('id')).toBe(false)
    await clock.pass(MINUTE)
    expect(calls()).toEqual(['start', 'tick'])
  })

  test('the page keeps hold of one whose end was refused', async () => {
    const { keeper, scene } = createScene()
    const span = keeper.start('Checkout')
    await span.started
    scene.answer = () => ({ status: 'dropped', reason: 'properties_too_large' })
    await span.end()
    expect(keeper.holds('id')).toBe(true)
    scene.answer = () => ({ status: 'dropped', reason: 'span_ended' })
    await span.end()
    expect(keeper.holds('id')).toBe(false)
  })

  test('a handle of before does not let go of what a later one has open', async () => {
    const { keeper, scene } = createScene()
    const first = keeper.start('Checkout')
    await first.started
    scene.answer = () => ({ status: 'durable', spanId: 'id2' })
    await keeper.start('Checkout').started
    scene.answer = () => ({ status: 'dropped', reason: 'span_ended' })
    await first.end()
    expect(keeper.holds('id2')).toBe(true)
  })

  test('the page has it open from the start, before it hears of its id', async () => {
    const { keeper, scene, clock, made } = createScene()
    scene.answer = () => ({ status: 'memory' })
    const span = keeper.start('Checkout')
    await span.started
    expect(keeper.holds('own1')).toBe(true)
    scene.answer = () => ({ status: 'durable', spanId: 'id' })
    await clock.pass(15 * SECOND)
    await span.set({ step: 2 })
    expect(made.map(({ id }) => id)).toEqual(['own1', 'own1', 'id'])
    expect(keeper.holds('id')).toBe(true)
  })

  test('a start that is refused does not let go of the one before', async () => {
    const { keeper, scene } = createScene()
    await keeper.start('Checkout').started
    scene.answer = () => ({ status: 'dropped', reason: 'properties_too_large' })
    await keeper.start('Checkout', { tooLarge: true }).started
    expect(keeper.holds('id')).toBe(true)
  })

  test('two handles of one span are ticked once, and the page lets go of it when either ends', async () => {
    const { keeper, clock, calls } = createScene()
    const first = keeper.start('Checkout')
    keeper.start('Checkout')
    await clock.pass(15 * SECOND)
    expect(calls()).toEqual(['start', 'start', 'tick'])
    await first.end()
    expect(keeper.holds('id')).toBe(false)
  })
})

describe('a handle', () => {
  test('stands for one span for good: each start proposes its own id', () => {
    const { keeper, made } = createScene()
    const first = keeper.start('Checkout')
    first.end()
    keeper.start('Checkout')
    first.end()
    expect(made.map(({ call, id }) => [call, id])).toEqual([
      ['start', 'own1'],
      ['end', 'own1'],
      ['start', 'own2'],
      ['end', 'own1'],
    ])
  })

  test('that has ended stays ended, and the app is shown nothing of what is called on it', async () => {
    let shown = 0
    const { keeper, calls, refused } = createScene({
      prepare(event) {
        shown++
        return event
      },
    })
    const span = keeper.start('Checkout')
    await span.end()
    expect(await span.set({ late: true })).toEqual({ status: 'dropped', reason: 'span_ended' })
    expect(await span.end()).toEqual({ status: 'dropped', reason: 'span_ended' })
    expect(calls()).toEqual(['start', 'end'])
    expect(refused).toEqual(['span_ended', 'span_ended'])
    expect(shown).toBe(2)
  })

  test('from before all were closed stays closed, also one whose start is still under way; later ones are open', async () => {
    const { keeper, calls, refused, clock } = createScene()
    const [first, second] = [keeper.start('Checkout'), keeper.start('Checkout')]
    keeper.close()
    await first.set({ late: true })
    await second.end()
    await clock.pass(MINUTE)
    expect(calls()).toEqual(['start', 'start'])
    expect(refused).toEqual(['span_ended', 'span_ended'])
    await keeper.start('Checkout').end()
    expect(calls()).toEqual(['start', 'start', 'start', 'end'])
  })
})

describe('a laptop that sleeps', () => {
  test.each<[what: string, counted: number, cost: string, ran: number]>([
    ['stands still', 0, 'nothing', 15 * SECOND],
    ['goes on', 1, 'the time since the last look', 5 * SECOND],
  ])('is not counted where the page’s own clock %s, which costs %s', async (_what, counted, _cost, ran) => {
    const { keeper, clock, made, scene } = createScene()
    const span = keeper.start('Checkout')
    await clock.pass(10 * SECOND)
    const asleep = 180 * MINUTE
    clock.set(clock.now() + asleep)
    scene.uptime = () => clock.now() - (1 - counted) * asleep
    await clock.pass(5 * SECOND)
    await span.end()
    expect(made.at(-1)?.ran).toBe(ran)
  })
})
