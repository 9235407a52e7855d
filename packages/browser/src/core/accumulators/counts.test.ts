import { expect, test } from 'vitest'
import { foldContext, seen } from '../../../test/operations.ts'
import { counts } from './counts.ts'

const events = ['Viewed', 'Bought', 'Viewed', 'Other'].map((event) => seen({ event }))

test('events are counted by their names, from 0', () => {
  const { fold, initial, name, scope } = counts(['Viewed', 'Bought', 'Shared'])
  const value = events.reduce((before, event) => fold(before, event, foldContext()), initial)
  expect(initial).toEqual({ Viewed: 0, Bought: 0, Shared: 0 })
  expect(value).toEqual({ Viewed: 2, Bought: 1, Shared: 0 })
  expect([name, scope]).toEqual(['counts', 'visitor'])
})

test('names of one’s own, another name for all, and a scope can be chosen', () => {
  const { fold, initial, name, scope } = counts({ views: 'Viewed' }, { name: 'today', scope: 'session' })
  expect(events.reduce((before, event) => fold(before, event, foldContext()), initial)).toEqual({ views: 2 })
  expect([name, scope]).toEqual(['today', 'session'])
})

test('other calls are counted by their type, whatever they are named', () => {
  const { fold, initial } = counts(['page', 'Viewed'])
  expect(fold(initial, seen({ type: 'page', name: 'Viewed', event: undefined }), foldContext())).toEqual({
    page: 1,
    Viewed: 0,
  })
})

test('an event that is counted from now on begins at 0, and one that is not any more keeps its count', () => {
  const { fold } = counts(['Bought'])
  expect(fold({ Viewed: 7 } as never, seen({ event: 'Bought' }), foldContext())).toEqual({ Viewed: 7, Bought: 1 })
})
