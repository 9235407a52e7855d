import { byteLength, type Json } from '@waybill/protocol'
import { describe, expect, test } from 'vitest'
import { tracked } from '../../test/operations.ts'
import { type Accumulator, defineAccumulator } from './accumulator.ts'
import { type Accumulated, type Fault, type Folding, foldAll } from './fold.ts'

const count = defineAccumulator({ name: 'count', initial: 0, fold: (value) => value + 1 })

function fold(before: Accumulated, accumulators: readonly Accumulator[], parts: Partial<Folding> = {}) {
  const faults: Fault[] = []
  const { text } = tracked('a', { properties: { total: 42 } })
  const after = foldAll(before, {
    accumulators,
    text,
    context: { idle: 7, streamId: 's', anonymousId: 'a' },
    maxBytes: 1_000,
    onFault: (fault) => faults.push(fault),
    ...parts,
  })
  return { ...after, faults }
}

const empty: Accumulated = { values: {} }

describe('a fold', () => {
  test('begins with the initial value, and goes on from what is stored', () => {
    expect(fold(empty, [count])).toEqual({ values: { count: 1 }, about: {}, faults: [] })
    expect(fold({ values: { count: 41 } }, [count]).values).toEqual({ count: 42 })
  })

  test('that has no initial value begins with undefined', () => {
    const seen: unknown[] = []
    const bare = { name: 'bare', fold: (value: unknown) => seen.push(value) } as unknown as Accumulator
    fold(fold(empty, [bare]), [bare])
    expect(seen).toEqual([undefined, 1])
  })

  test('sees the event, and what is true of it', () => {
    const seen = defineAccumulator({
      name: 'seen',
      initial: null as Json,
      fold: (_value, { type, event, properties }, context) => ({ type, event, properties, ...context }) as Json,
    })
    expect(fold(empty, [count, seen], { measured: { seen: 5 } }).values.seen).toEqual({
      type: 'track',
      event: 'a',
      properties: { total: 42 },
      idle: 7,
      streamId: 's',
      anonymousId: 'a',
      measured: 5,
    })
  })

  test('leaves the values of accumulators that are not there', () => {
    expect(fold({ values: { unknown: { deep: [1] } } }, [count]).values).toEqual({ unknown: { deep: [1] }, count: 1 })
  })

  test('may change the value that it is handed: it has a copy', () => {
    const greedy = defineAccumulator({
      name: 'greedy',
      initial: { seen: [] as string[] },
      fold(value, event) {
        value.seen.push(String(event.event))
        return value
      },
    })
    const before = fold(empty, [greedy])
    const stored = structuredClone(before)
    expect(fold(before, [greedy]).values).toEqual({ greedy: { seen: ['a', 'a'] } })
    expect(before).toEqual(stored)
    expect(greedy.initial).toEqual({ seen: [] })
  })

  test('cannot change the event, which the next one sees: it is told', () => {
    const vandal = defineAccumulator({
      name: 'vandal',
      initial: 0,
      fold(_value, event) {
        Object.assign(Object(event.properties), { total: 0 })
        return 1
      },
    })
    const witness = defineAccumulator({
      name: 'witness',
      initial: '',
      fold: (_value, { event, properties }) => `${event} ${properties?.total}`,
    })
    const { values, faults } = fold(empty, [vandal, witness])
    expect(values).toEqual({ vandal: 0, witness: 'a 42' })
    expect(faults).toEqual([{ code: 'accumulator', detail: expect.stringContaining('vandal: TypeError') }])
  })

  test('may change what it has returned: that was copied', () => {
    const kept: { total: number } = { total: 1 }
    const { values } = fold(empty, [{ name: 'kept', initial: null, fold: () => kept }])
    kept.total = 2
    expect(values.kept).toEqual({ total: 1 })
  })
})

const cycle: { self?: unknown } = {}
cycle.self = cycle

describe('a fold that fails', () => {
  test.each<[how: string, fold: () => unknown, detail: RegExp]>([
    [
      'throws',
      () => {
        throw new Error('no')
      },
      /^bad: Error: no$/,
    ],
    ['returns nothing', () => undefined, /^bad: TypeError: .*undefined/],
    ['returns a function', () => () => {}, /^bad: TypeError: .*function/],
    ['returns a cycle', () => cycle, /^bad: TypeError: .*ircular/],
    ['returns a BigInt', () => 10n, /^bad: TypeError: .*BigInt/],
    ['returns NaN', () => Number.NaN, /^bad: TypeError: .*NaN$/],
    ['returns Infinity within', () => ({ deep: [1, 1 / 0] }), /^bad: TypeError: .*Infinity$/],
    ['returns a promise', async () => 1, /^bad: TypeError: a promise/],
    ['returns a promise that rejects', () => Promise.reject(new Error('late')), /^bad: TypeError: a promise/],
    ['returns what is too deep', () => JSON.parse('['.repeat(31) + ']'.repeat(31)), /^bad: TypeError: too_deep$/],
    ['would poison who merges it', () => JSON.parse('{"__proto__":{}}'), /^bad: TypeError: prototype_member$/],
    [
      'throws what is no error',
      () => {
        throw undefined
      },
      /^bad: undefined$/,
    ],
    [
      'throws what has no text',
      () => {
        throw Object.create(null)
      },
      /^bad: object without a text$/,
    ],
    [
      'throws a symbol',
      () => {
        throw Symbol('no')
      },
      /^bad: Symbol\(no\)$/,
    ],
  ])('because it %s keeps its last value, is named, and harms no other', (_how, bad, detail) => {
    const failing = { name: 'bad', initial: 'first', fold: bad }
    const stored = fold({ values: { bad: { last: 1 }, count: 1 } }, [failing, count])
    expect(stored.values).toEqual({ bad: { last: 1 }, count: 2 })
    expect(stored.faults).toEqual([{ code: 'accumulator', detail: expect.stringMatching(detail) }])
    expect(fold(empty, [failing, count]).values).toEqual({ bad: 'first', count: 1 })
  })

  test('because of a member of its own harms no other', () => {
    const trap = {
      name: 'trap',
      get initial(): never {
        throw new Error('no')
      },
      fold: () => 1,
    }
    expect(fold(empty, [trap, count])).toMatchObject({ values: { count: 1 }, faults: [{ detail: 'trap: Error: no' }] })
  })

  test('because of its initial value has none', () => {
    const { values, faults } = fold(empty, [{ name: 'bad', initial: () => 1, fold: () => 1 }, count])
    expect(values).toEqual({ count: 1 })
    expect(faults).toHaveLength(1)
  })
})

describe('session scope', () => {
  const inSession = defineAccumulator({ name: 'pages', scope: 'session', initial: 0, fold: (value) => value + 1 })
  const sessionOf = (id: string): Accumulator => ({ name: 'session', initial: null, fold: () => ({ id }) })
  const first = fold(empty, [sessionOf('s1'), inSession, count])

  test('goes on through a session, and begins anew with the next', () => {
    const second = fold(first, [sessionOf('s1'), inSession, count])
    const third = fold(second, [sessionOf('s2'), inSession, count])
    expect([first, second, third].map(({ values }) => [values.pages, values.count])).toEqual([
      [1, 1],
      [2, 2],
      [1, 3],
    ])
  })

  test('begins anew, too, when a tab that does not know it began the session', () => {
    const elsewhere = fold(first, [sessionOf('s2')])
    expect(elsewhere.values.pages).toBe(1)
    const here = fold(fold(elsewhere, [sessionOf('s2'), inSession]), [sessionOf('s2'), inSession])
    expect(here.values.pages).toBe(2)
  })

  test('keeps nothing of the session before when its first fold fails', () => {
    const failing = {
      ...inSession,
      fold: () => {
        throw new Error('no')
      },
    }
    expect(fold(first, [sessionOf('s2'), failing]).values.pages).toBe(0)
  })

  test('does not take a value that was the visitor’s before for the session’s', () => {
    expect(fold({ values: { pages: 40 } }, [sessionOf('s1'), inSession]).values.pages).toBe(1)
  })
})

describe('a version', () => {
  const v2 = defineAccumulator({
    name: 'count',
    version: 2,
    initial: { all: 0 },
    migrate: (value) => ({ all: Number(value) }),
    fold: ({ all }) => ({ all: all + 1 }),
  })

  test('that is higher than what is stored migrates it once', () => {
    const first = fold({ values: { count: 41 } }, [v2])
    expect(first).toEqual({ values: { count: { all: 42 } }, about: { count: { version: 2 } }, faults: [] })
    expect(fold(first, [v2]).values).toEqual({ count: { all: 43 } })
  })

  test('says to its migration which one it is from', () => {
    const from: number[] = []
    const v3 = {
      ...v2,
      version: 3,
      migrate(value: Json, version: number) {
        from.push(version)
        return value as { all: number }
      },
    }
    fold(fold(empty, [v2]), [v3])
    fold({ values: { count: { all: 1 } } }, [v3])
    expect(from).toEqual([2, 1])
  })

  test('without a migration begins anew, which is no fault', () => {
    const { migrate: _migrate, ...bare } = v2
    expect(fold({ values: { count: 41 } }, [bare])).toMatchObject({ values: { count: { all: 1 } }, faults: [] })
  })

  test('whose migration fails leaves the value to a release that mends it', () => {
    const broken = {
      ...v2,
      migrate: () => {
        throw new Error('no')
      },
    }
    const after = fold({ values: { count: 41 } }, [broken])
    expect(after).toMatchObject({
      values: { count: 41 },
      about: {},
      faults: [{ code: 'accumulator', detail: 'count: Error: no' }],
    })
    expect(fold(after, [v2]).values).toEqual({ count: { all: 42 } })
  })

  test('that is lower than what is stored, as an older tab’s, carries it through untouched', () => {
    const stored = fold(empty, [v2])
    expect(fold(stored, [count])).toEqual({ ...stored, faults: [] })
  })
})

describe('the share of the state', () => {
  const text = (bytes: number, name = 'text') =>
    defineAccumulator({ name, initial: '', fold: () => 'x'.repeat(bytes - `{"${name}":""}`.length) })
  const bytesOf = ({ values }: Accumulated) => byteLength(JSON.stringify(values))

  test('may be taken to the byte', () => {
    const after = fold(empty, [text(1_000)])
    expect(bytesOf(after)).toBe(1_000)
    expect(after.faults).toEqual([])
  })

  test('is outgrown by one byte: it keeps its last value, and is named', () => {
    const after = fold({ values: { text: 'last' } }, [text(1_001), count])
    expect(after.values).toEqual({ text: 'last', count: 1 })
    expect(after.faults).toEqual([{ code: 'state_too_large', detail: 'text: 992 bytes of 1000 that are shared' }])
  })

  test('is outgrown by one: the others, which hardly grow, go on', () => {
    const before: Accumulated = { values: { big: 'x'.repeat(700), text: 'x'.repeat(200), count: 9 } }
    const after = fold(before, [text(500), count])
    expect(after.values).toEqual({ ...before.values, count: 10 })
  })

  test('is not there for an initial value that is too large', () => {
    const huge = defineAccumulator({ name: 'huge', initial: 'x'.repeat(2_000), fold: (value) => value })
    const after = fold({ values: { count: 1 } }, [huge, count])
    expect(after.values).toEqual({ count: 2 })
    expect(after.faults).toMatchObject([{ code: 'state_too_large' }])
  })

  test('is outgrown by a migration: the value stays for a release that mends it', () => {
    const growing = defineAccumulator({
      name: 'text',
      version: 2,
      initial: '',
      migrate: (value) => `${value}${'x'.repeat(1_000)}`,
      fold: (value) => value,
    })
    const after = fold({ values: { text: 'last' } }, [growing])
    expect(after).toMatchObject({ values: { text: 'last' }, about: {}, faults: [{ code: 'state_too_large' }] })
  })

  test('holds for what another release has stored, too: the largest gives way', () => {
    const after = fold({ values: { small: 'x'.repeat(400), large: 'x'.repeat(800) } }, [count])
    expect(after.values).toEqual({ small: 'x'.repeat(400), count: 1 })
    expect(after.faults).toMatchObject([{ detail: expect.stringMatching(/^large: 802 bytes/) }])
  })
})
