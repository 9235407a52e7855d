import type { StreamId } from '@waybill/protocol'
import { expect, test } from 'vitest'
import type { StreamState } from './records.ts'
import { toState } from './state.ts'

const stream: StreamState = {
  number: 1,
  streamId: '00000000-0000-7000-8000-000000000001' as StreamId,
  seq: 9,
  latestAt: 5,
  anonymousId: 'a1',
  userId: 'u1',
  values: { registered: { plan: 'pro' }, cart: { items: 2 } },
  about: { cart: { version: 2 } },
}

test('the state says who the person is, what is registered, and what has accumulated, here and in the store', () => {
  expect(toState(stream, { page: { number: 3 } })).toEqual({
    streamId: stream.streamId,
    anonymousId: 'a1',
    userId: 'u1',
    registered: { plan: 'pro' },
    cart: { items: 2 },
    page: { number: 3 },
  })
})

test('before the first event nothing is known, and nothing registered', () => {
  expect(toState(undefined, {})).toEqual({ registered: {} })
})

test('what the app does to it changes nothing', () => {
  const state = toState(stream, {})
  state.registered.plan = 'free'
  expect(stream.values.registered).toEqual({ plan: 'pro' })
})
