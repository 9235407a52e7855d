import { type Accumulator, defineAccumulator } from '../../packages/browser/src/core/accumulator.ts'
import type { Release } from './releases.ts'

const count = defineAccumulator({ name: 'count', initial: 0, fold: (value) => value + 1 })

/** Fails at every third event, and goes on with what it had. */
const moody = defineAccumulator({
  name: 'moody',
  initial: 0,
  fold(value, _event, { session }) {
    if (session && (session.number + value) % 3 === 2) throw new Error('not this one')
    return value + 1
  },
})

/** What the app of a page accumulates: of every scope, and in the next release one more, and one in another shape. */
export const accumulatorsOf = (release: Release): readonly Accumulator[] =>
  release === 'this'
    ? [count, { ...count, name: 'inSession', scope: 'session' }, { ...count, name: 'inPage', scope: 'page' }, moody]
    : [
        { ...count, version: 2 },
        { ...count, name: 'inSession', scope: 'session' },
        { ...count, name: 'inPage', scope: 'page' },
        { ...count, name: 'added' },
      ]
