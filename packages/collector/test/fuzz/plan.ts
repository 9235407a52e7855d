import fc from 'fast-check'
import { corpus } from './corpus.ts'
import { type Draft, encode, type LinePlan, toDraft } from './draft.ts'
import { type Fault, faults, largeFaults } from './faults.ts'

/** A hostile request as fast-check makes it up, prints it and makes it smaller. */
export interface Plan {
  first: number
  lines: LinePlan[]
  faults: { name: string; at: number; n: number }[]
  /** In how many bytes at a time the body comes; 0 for all at once. */
  piece: number
}

const all: Record<string, Fault> = {
  ...faults,
  ...largeFaults,
  'a text of the corpus in an event': {
    answer: 'as the oracle says',
    change(draft, at, n) {
      const index = at % draft.lines.length
      const line = new TextDecoder().decode(draft.lines[index])
      draft.lines[index] = encode(line.replace('"total":42', () => `"x":${corpus[n % corpus.length]}`))
    },
  },
}

export const names: readonly string[] = Object.keys(all)

export const faultOf = (name: string): Fault => {
  const fault = all[name]
  if (!fault) throw new Error(`There is no fault called ${name}`)
  return fault
}

export function draftOf({ first, lines, faults }: Plan): Draft {
  const draft = toDraft(first, lines)
  for (const { name, at, n } of faults) faultOf(name).change(draft, at, n)
  return draft
}

const json = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('{}', '"{:\\\\"', '[[],{"a":{"a":0}}]', '"\\ud800"', '-0.0e-0') },
  // `__proto__` has a class of its own.
  { weight: 1, arbitrary: fc.json({ maxDepth: 2 }).map((text) => text.replaceAll('__proto__', 'proto')) },
)

const oneFault = (names: readonly string[]) =>
  fc.record({ name: fc.constantFrom(...names), at: fc.nat(3), n: fc.nat(2 ** 24) })

const small = names.filter((name) => !(name in largeFaults))
const compressed = small.filter((name) => /gzip|deflate/.test(name))
const few = fc.oneof(
  { weight: 5, arbitrary: oneFault(small.filter((name) => !compressed.includes(name))) },
  { weight: 1, arbitrary: oneFault(compressed) },
)

export const plans: fc.Arbitrary<Plan> = fc.record({
  first: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 1, max: 1_000 }) },
    { weight: 1, arbitrary: fc.constantFrom(1, 2 ** 31, 2 ** 53 - 40) },
  ),
  lines: fc.array(
    fc.record({
      kind: fc.constantFrom<LinePlan['kind'][]>('event', 'event', 'event', 'event', 'shed', 'range'),
      dress: fc.nat(7),
      json,
    }),
    { minLength: 1, maxLength: 4 },
  ),
  faults: fc.oneof(
    { weight: 240, arbitrary: fc.tuple(few) },
    { weight: 100, arbitrary: fc.tuple(few, few) },
    { weight: 60, arbitrary: fc.tuple(few, few, few) },
    { weight: 1, arbitrary: fc.tuple(oneFault(Object.keys(largeFaults))) },
  ),
  piece: fc.oneof(
    { weight: 19, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 7, max: 600 }) },
  ),
})
