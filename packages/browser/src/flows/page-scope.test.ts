import { expect, test } from 'vitest'
import { T0, tracked } from '../../test/operations.ts'
import { type Accumulator, defineAccumulator } from '../core/accumulator.ts'
import type { Fault } from '../core/fold.ts'
import { createPageScope } from './page-scope.ts'

const count = defineAccumulator({ name: 'count', scope: 'page', initial: 0, fold: (value) => value + 1 })

function open(accumulators: readonly Accumulator[]) {
  const faults: Fault[] = []
  const stop = new AbortController()
  return {
    ...createPageScope(accumulators, { stop: stop.signal, onFault: (fault) => faults.push(fault) }),
    faults,
    stop,
  }
}

test('each event is given what has accumulated in the page up to it', () => {
  const page = open([count])
  const [a, b] = [tracked('a'), tracked('b')]
  expect(page.values()).toEqual({})
  expect([page.fold(a), page.fold(b)]).toEqual([
    { ...a, page: { count: 1 } },
    { ...b, page: { count: 2 } },
  ])
  expect(page.values()).toEqual({ count: 2 })
})

test('an event of a page in which nothing accumulates is as it was', () => {
  const a = tracked('a')
  expect(open([]).fold(a)).toBe(a)
})

test('a pause is the time since the page’s event before', () => {
  const idle = defineAccumulator({ name: 'idle', initial: 0, fold: (_value, _event, context) => context.idle })
  const page = open([idle])
  const pauses = [T0, T0 + 500, T0 + 400].map((at) => page.fold(tracked('a', { at })).page?.idle)
  expect(pauses).toEqual([0, 500, -100])
})

test('another person begins with nothing, and with nothing measured', () => {
  let clock = 0
  const engaged = defineAccumulator({
    name: 'engaged',
    scope: 'page',
    initial: 0,
    measure: () => () => {
      const read = clock
      clock = 0
      return read
    },
    fold: (value, _event, { measured }) => value + measured,
  })
  const page = open([count, engaged])
  clock = 700
  expect(page.fold(tracked('a')).page).toEqual({ count: 1, engaged: 700 })
  clock = 300
  page.reset()
  expect(page.values()).toEqual({})
  clock += 20
  expect(page.fold(tracked('b')).page).toEqual({ count: 1, engaged: 20 })
})

test.each<[how: string, measure: Accumulator['measure']]>([
  [
    'can’t begin',
    () => {
      throw new Error('no')
    },
  ],
  [
    'fails',
    () => () => {
      throw new Error('no')
    },
  ],
  [
    'throws what has no text',
    () => () => {
      throw Object.create(null)
    },
  ],
  ['counts what is no number', () => () => Symbol('no') as unknown as number],
])('a measurement that %s is named, and counts nothing', (_how, measure) => {
  const broken = defineAccumulator({
    name: 'broken',
    initial: 1,
    measure,
    fold: (value, _event, { measured }) => value + measured,
  })
  const page = open([broken, count])
  expect(page.fold(tracked('a')).page).toEqual({ broken: 1, count: 1 })
  expect(page.faults).toContainEqual({
    code: 'accumulator',
    detail: expect.stringMatching(/^broken: (Error: no|object without a text|TypeError: .*number)$/),
  })
})

test('a measurement that can’t be looked at is named, and harms no other', () => {
  const trap = {
    ...count,
    name: 'trap',
    get measure(): never {
      throw new Error('no')
    },
  }
  const page = open([trap, count])
  expect(page.faults).toEqual([{ code: 'accumulator', detail: 'trap: Error: no' }])
  expect(page.fold(tracked('a')).page).toEqual({ trap: 1, count: 1 })
})

test('a measurement is told when the page’s Waybill is closed', () => {
  const signals: AbortSignal[] = []
  const measure = (signal: AbortSignal) => {
    signals.push(signal)
    return () => 0
  }
  const { stop } = open([{ ...count, measure }])
  expect(signals[0]?.aborted).toBe(false)
  stop.abort()
  expect(signals[0]?.aborted).toBe(true)
})

test('what outgrows the page’s share keeps its last value', () => {
  const greedy = defineAccumulator({ name: 'greedy', initial: '', fold: (value) => `${value}${'x'.repeat(900)}` })
  const page = open([greedy, count])
  const sizes = [1, 2, 3].map(() => String(page.fold(tracked('a')).page?.greedy).length)
  expect(sizes).toEqual([900, 1_800, 1_800])
  expect(page.values().count).toBe(3)
  expect(page.faults).toMatchObject([{ code: 'state_too_large', detail: expect.stringContaining('greedy') }])
})
