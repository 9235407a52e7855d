import { expect, test } from 'vitest'
import { tracked } from '../../test/operations.ts'
import { session } from './accumulators/session.ts'
import { visitor } from './accumulators/visitor.ts'
import { collectAccumulators } from './collect-accumulators.ts'

const builtIn = [session({}), visitor]
const scroll = { name: 'scroll', initial: 0, fold: (value: number) => value }

test('the app’s accumulators come after the built-in ones, in its order', () => {
  const others = ['cart', 'video'].map((name) => ({ ...scroll, name }))
  const { accumulators, faults } = collectAccumulators(builtIn, [scroll, ...others])
  expect(accumulators.map(({ name }) => name)).toEqual(['session', 'visitor', 'scroll', 'cart', 'video'])
  expect(faults).toEqual([])
  expect(collectAccumulators(builtIn)).toEqual({ accumulators: builtIn, faults: [] })
})

test.each<[what: string, added: unknown, detail: string]>([
  ['has the name of a built-in one', { ...scroll, name: 'session' }, 'session: the name is taken'],
  ['has the name of something else in the state', { ...scroll, name: 'registered' }, 'registered: the name is taken'],
  ['would reach for the prototype', { ...scroll, name: '__proto__' }, '__proto__: the name is taken'],
  ['has the name of what each object has', { ...scroll, name: 'constructor' }, 'constructor: the name is taken'],
  ['has no name', { ...scroll, name: '' }, ': not a name of 1 to 100 characters'],
  ['has a name of another kind', { ...scroll, name: 7 }, '7: not a name of 1 to 100 characters'],
  [
    'has too long a name',
    { ...scroll, name: 'x'.repeat(101) },
    `${'x'.repeat(101)}: not a name of 1 to 100 characters`,
  ],
  ['has no fold', { name: 'scroll', initial: 0 }, 'scroll: it has no function `fold`'],
  ['has an unknown scope', { ...scroll, scope: 'tab' }, 'scroll: no scope: tab'],
  ['has a version that can’t be compared', { ...scroll, version: '2' }, 'scroll: its version is no integer from 1'],
  [
    'has a name that throws',
    {
      ...scroll,
      get name() {
        throw new Error('no')
      },
    },
    'undefined: Error: no',
  ],
  [
    'has a scope that throws',
    {
      ...scroll,
      get scope() {
        throw Object.create(null)
      },
    },
    'scroll: object without a text',
  ],
  ['has a symbol for a name', { ...scroll, name: Symbol('no') }, 'Symbol(no): not a name of 1 to 100 characters'],
  [
    'has a name without a text',
    { ...scroll, name: Object.create(null) },
    'object without a text: not a name of 1 to 100 characters',
  ],
  ['has a symbol for a scope', { ...scroll, scope: Symbol('no') }, 'scroll: no scope: Symbol(no)'],
  ['is no accumulator', undefined, 'undefined: not a name of 1 to 100 characters'],
])('one that %s is left out, says why, and keeps no other out', (_what, added, detail) => {
  const { accumulators, faults } = collectAccumulators(builtIn, [added, { ...scroll, name: 'other' }])
  expect(accumulators.map(({ name }) => name)).toEqual(['session', 'visitor', 'other'])
  expect(faults).toEqual([{ code: 'accumulator', detail }])
})

test('of two with one name the first counts', () => {
  const { accumulators, faults } = collectAccumulators(builtIn, [scroll, { ...scroll, initial: 1 }])
  expect(accumulators[2]).toMatchObject({ name: 'scroll', initial: 0 })
  expect(accumulators).toHaveLength(3)
  expect(faults).toEqual([{ code: 'accumulator', detail: 'scroll: the name is taken' }])
})

test('what is no list adds none', () => {
  expect(collectAccumulators(builtIn, scroll)).toEqual({
    accumulators: builtIn,
    faults: [{ code: 'accumulator', detail: 'accumulators: not a list' }],
  })
})

test('what can’t be read adds none', () => {
  const { proxy, revoke } = Proxy.revocable([scroll], {})
  revoke()
  const detail = expect.stringMatching(/^accumulators: TypeError/)
  expect(collectAccumulators(builtIn, proxy)).toEqual({
    accumulators: builtIn,
    faults: [{ code: 'accumulator', detail }],
  })
})

test('what can’t be read of a list keeps no other out', () => {
  const list = Object.defineProperty([1, scroll], 0, {
    get() {
      throw new Error('no')
    },
  })
  const { accumulators, faults } = collectAccumulators(builtIn, list)
  expect(accumulators.map(({ name }) => name)).toEqual(['session', 'visitor', 'scroll'])
  expect(faults).toEqual([{ code: 'accumulator', detail: 'undefined: Error: no' }])
})

test('each member is read once: one that throws later harms nothing', () => {
  let reads = 0
  const moody = {
    ...scroll,
    get name() {
      if (reads++ > 0) throw new Error('no')
      return 'moody'
    },
  }
  const { accumulators } = collectAccumulators(builtIn, [moody])
  expect(accumulators.at(-1)?.name).toBe('moody')
})

test('a fold may be a method that uses its own object', () => {
  class Scroll {
    readonly name = 'scroll'
    readonly initial = 0
    readonly #step = 7
    fold(value: number) {
      return value + this.#step
    }
  }
  const { accumulators } = collectAccumulators([], [new Scroll()])
  expect(accumulators[0]?.fold(1, tracked('a') as never, {} as never)).toBe(8)
})
