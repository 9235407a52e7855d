import type { JsonObject } from '@waybill/protocol'
import { expect, expectTypeOf, test } from 'vitest'
import {
  type CompleteEvent,
  counts,
  createWaybill,
  defineAccumulator,
  type OutgoingEvent,
  type PageView,
  pageView,
  type Session,
  type Touches,
  touch,
} from '../../src/index.ts'

interface Cart {
  items: number
  coupon?: string
}

const cart = defineAccumulator({
  name: 'cart',
  scope: 'session',
  initial: { items: 0 } as Cart,
  fold(value, event, context) {
    expectTypeOf(value).toEqualTypeOf<Cart>()
    expectTypeOf(event.properties).toEqualTypeOf<JsonObject | undefined>()
    expectTypeOf(context.idle).toEqualTypeOf<number>()
    return { ...value, items: value.items + 1 }
  },
})
const scroll = defineAccumulator({ name: 'scroll', initial: 0, fold: (value) => value + 1 })

const accumulators = [cart, scroll, touch(), pageView(), counts(['Bought'])] as const

const options = { endpoint: 'https://collector.example', writeKey: 'wk_1' }

test('an app’s accumulators have their types in all that tells of the state', async () => {
  const waybill = createWaybill({
    ...options,
    accumulators: [cart, scroll, touch(), pageView(), counts(['Bought'])],
    beforeSend(event, state) {
      expectTypeOf(event).toEqualTypeOf<OutgoingEvent>()
      expectTypeOf(state.cart).toEqualTypeOf<Cart | undefined>()
      return event
    },
  })
  const state = await waybill.state()
  expectTypeOf(state.cart).toEqualTypeOf<Cart | undefined>()
  expectTypeOf(state.scroll).toEqualTypeOf<number | undefined>()
  expectTypeOf(state.touch).toEqualTypeOf<Touches | undefined>()
  expectTypeOf(state.page).toEqualTypeOf<PageView | undefined>()
  expectTypeOf(state.counts).toEqualTypeOf<{ Bought: number } | undefined>()
  expectTypeOf(state.session).toEqualTypeOf<Session | undefined>()
  expectTypeOf(state.registered).toEqualTypeOf<JsonObject>()
  waybill.subscribe((told) => expectTypeOf(told.cart).toEqualTypeOf<Cart | undefined>())
  expect(state).toEqual({ registered: {} })
})

test('beside a map of events they are named as a second type', async () => {
  const waybill = createWaybill<{ Bought: { total: number } }, typeof accumulators>({ ...options, accumulators })
  waybill.track('Bought', { total: 42 }, { set: { tier: 'gold' } })
  // @ts-expect-error: not an event of the map
  waybill.track('Sold')
  expectTypeOf((await waybill.state()).scroll).toEqualTypeOf<number | undefined>()
})

test('what an event requires can’t be left out, and what it does not can', () => {
  interface Events {
    Bought: { total: number }
    Opened: { from?: string }
    Closed: object
  }
  const waybill = createWaybill<Events>(options)
  waybill.track('Bought', { total: 42 })
  waybill.track('Opened')
  waybill.track('Opened', { from: 'mail' }, { priority: 'low' })
  waybill.track('Closed')
  // @ts-expect-error: no total
  waybill.track('Bought')
  // @ts-expect-error: no total
  waybill.track('Bought', {})
  // @ts-expect-error: no such property
  waybill.track('Opened', { form: 'mail' })
  expect(true).toBe(true)
})

test('a map of events alone leaves the app’s own unknown', async () => {
  const waybill = createWaybill<{ Bought: { total: number } }>({ ...options, accumulators })
  expectTypeOf((await waybill.state()).cart).toEqualTypeOf<unknown>()
})

test('one that is written in its place has its types, too', async () => {
  const fold = (value: { steps: string[] }) => value
  const waybill = createWaybill({ ...options, accumulators: [{ name: 'path', initial: { steps: [] }, fold }] })
  expectTypeOf((await waybill.state()).path).toEqualTypeOf<{ steps: string[] } | undefined>()
})

test('a sink’s event has them, too', () => {
  type Event = CompleteEvent<typeof accumulators>
  expectTypeOf<Event['state']['cart']>().toEqualTypeOf<Cart | undefined>()
  expectTypeOf<Event['state']['page']>().toEqualTypeOf<PageView | undefined>()
  expectTypeOf<Event['state']['visitor']['sessions']>().toEqualTypeOf<number>()
  expectTypeOf<Event['seq']>().toExtend<number>()
})

test('a fold that returns another type is none', () => {
  // @ts-expect-error: a text is not what it began with
  defineAccumulator({ name: 'bad', initial: 0, fold: () => 'x' })
  expect(true).toBe(true)
})
