import type { Json, JsonObject } from '@waybill/protocol'
import { describe, expect, test } from 'vitest'
import { foldContext, seen, valuesAfter } from '../../../test/operations.ts'
import { type IdentityState, identity } from './identity.ts'

type Call = (value: IdentityState) => IdentityState

const track =
  (userId?: string): Call =>
  (value) =>
    identity.fold(value, seen(), foldContext({ userId }))
const identify =
  (userId: string, traits: JsonObject): Call =>
  (value) =>
    identity.fold(value, seen({ type: 'identify', traits }), foldContext({ userId }))
const group =
  (groupId: string, traits: JsonObject, userId?: string): Call =>
  (value) =>
    identity.fold(value, seen({ type: 'group', groupId, traits }), foldContext({ userId }))

/** The value after each call. */
const after = (...calls: Call[]) => valuesAfter(calls, identity.initial, (value, call) => call(value))

test('nothing is known at first', () => {
  expect(after(track())).toEqual([{ traits: {}, groupTraits: {} }])
})

test('traits add up, and each event keeps those that were known when it happened', () => {
  expect(
    after(identify('u1', { name: 'Ada', plan: 'free' }), track('u1'), identify('u1', { plan: 'pro' }), track('u1')).map(
      ({ traits }) => traits,
    ),
  ).toEqual([
    { name: 'Ada', plan: 'free' },
    { name: 'Ada', plan: 'free' },
    { name: 'Ada', plan: 'pro' },
    { name: 'Ada', plan: 'pro' },
  ])
})

test('a group rides on all that comes after it, and its traits add up', () => {
  const values = after(group('g1', { seats: 5 }), group('g1', { plan: 'pro' }), track())
  expect(values[0]).toEqual({ traits: {}, groupId: 'g1', groupTraits: { seats: 5 } })
  expect(values[2]).toEqual({ traits: {}, groupId: 'g1', groupTraits: { seats: 5, plan: 'pro' } })
})

test('another group has none of the traits of the one before', () => {
  expect(after(group('g1', { seats: 5 }), group('g2', { plan: 'pro' }))?.at(-1)).toEqual({
    traits: {},
    groupId: 'g2',
    groupTraits: { plan: 'pro' },
  })
})

test('another user has neither traits nor group of the one before', () => {
  const values = after(identify('u1', { name: 'Ada' }), group('g1', { seats: 5 }, 'u1'), identify('u2', { age: 36 }))
  expect(values?.at(-1)).toEqual({ userId: 'u2', traits: { age: 36 }, groupTraits: {} })
})

test('a person who was in a group before they said who they are stays in it', () => {
  expect(after(group('g1', { seats: 5 }), identify('u1', { name: 'Ada' }))?.at(-1)).toEqual({
    userId: 'u1',
    traits: { name: 'Ada' },
    groupId: 'g1',
    groupTraits: { seats: 5 },
  })
})

test('traits of a group are none of the user’s', () => {
  expect(after(identify('u1', { plan: 'free' }), group('g1', { plan: 'pro' }, 'u1')).at(-1)?.traits).toEqual({
    plan: 'free',
  })
})

describe('where it is too much', () => {
  const ada: IdentityState = { userId: 'u1', traits: { name: 'Ada' }, groupId: 'g1', groupTraits: { seats: 5 } }
  const most = (call: Call) => identity.shorten?.(call(ada) as Json, ada as Json)?.[0]

  test('the traits stay as they were', () => {
    expect(most(identify('u1', { essay: 'x' }))).toEqual(ada)
    expect(most(group('g1', { essay: 'x' }, 'u1'))).toEqual(ada)
  })

  test('nothing of another user, or another group, is told', () => {
    expect(most(identify('u2', { essay: 'x' }))).toEqual({ userId: 'u2', traits: {}, groupTraits: {} })
    expect(most(group('g2', { essay: 'x' }, 'u1'))).toEqual({ ...ada, groupId: 'g2', groupTraits: {} })
  })

  test('the user’s id stays in any case', () => {
    expect(identity.shorten?.(ada as Json, ada as Json)?.at(-1)).toEqual({ userId: 'u1', traits: {}, groupTraits: {} })
    expect(identity.shorten?.(ada as Json, 'garbage')?.[0]).toEqual({ ...ada, traits: {}, groupTraits: {} })
  })
})
