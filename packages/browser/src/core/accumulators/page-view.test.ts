import { expect, test } from 'vitest'
import { foldContext, onPage, seen, T0, valuesAfter } from '../../../test/operations.ts'
import { timestamp } from '../timestamp.ts'
import { foldPageView } from './page-view.ts'

/** The value after each event: its type, its path, and how long the page was engaged before it. */
const after = (...events: [type: 'page' | 'track', path: string, measured: number][]) =>
  valuesAfter(events, foldPageView.initial, (value, [type, path, measured], index) =>
    foldPageView.fold(
      value,
      seen({
        type,
        timestamp: timestamp(T0 + index),
        monotonic: { boot: 'b', ms: index },
        ...onPage(`https://shop.example${path}`),
      }),
      foldContext({ measured }),
    ),
  )

test('each page call begins a view, and what is tracked on it is of that view', () => {
  const values = after(['page', '/', 5], ['track', '/', 100], ['page', '/cart', 200], ['track', '/cart', 50])
  expect(values.map(({ viewId, number, path }) => [viewId, number, path])).toEqual([
    ['b.v1', 1, '/'],
    ['b.v1', 1, '/'],
    ['b.v2', 2, '/cart'],
    ['b.v2', 2, '/cart'],
  ])
})

test('engaged time is the view’s own, and is complete in the view after it', () => {
  const values = after(['page', '/', 5], ['track', '/', 100], ['page', '/cart', 200], ['track', '/cart', 50])
  expect(values.map(({ engagedMs, previous }) => [engagedMs, previous])).toEqual([
    [5, undefined],
    [105, undefined],
    [0, { viewId: 'b.v1', path: '/', engagedMs: 305 }],
    [50, { viewId: 'b.v1', path: '/', engagedMs: 305 }],
  ])
})

test('what is tracked before the first page call is of the document, and its time of the first view', () => {
  const values = after(['track', '/', 10], ['track', '/', 20], ['page', '/', 30], ['page', '/cart', 1])
  expect(values.map(({ viewId, startedAt, engagedMs, previous }) => [viewId, startedAt, engagedMs, previous])).toEqual([
    ['b.v0', timestamp(T0), 10, undefined],
    ['b.v0', timestamp(T0), 30, undefined],
    ['b.v1', timestamp(T0), 60, undefined],
    ['b.v2', timestamp(T0 + 3), 0, { viewId: 'b.v1', path: '/', engagedMs: 61 }],
  ])
})
