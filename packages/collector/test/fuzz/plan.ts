import fc from 'fast-check'
import { segmentPaths } from '../../src/segment-api/segment-paths.ts'
import { corpus } from './corpus.ts'
import { receiptFaults, signedKeyFaults, tokenFaults } from './credential-faults.ts'
import { type Draft, encode, type LinePlan, toDraft, toPosted } from './draft.ts'
import type { Fault, Faults } from './fault.ts'
import { faults, largeFaults } from './faults.ts'
import { headerFaults, largeHeaderFaults } from './header-faults.ts'
import { type Expected, expectBatch } from './oracle.ts'
import type { Posted } from './posted.ts'
import {
  type SegmentDraft,
  type SegmentPlan,
  segmentDresses,
  toSegmentDraft,
  toSegmentPosted,
} from './segment-draft.ts'
import { largeSegmentFaults, segmentFaults } from './segment-faults.ts'
import { expectSegment } from './segment-oracle.ts'
import { transportFaults } from './transport-faults.ts'
import type { HeaderEffects } from './world.ts'

interface Common {
  faults: { name: string; at: number; n: number }[]
  /** In how many bytes at a time the body comes; 0 for all at once. */
  piece: number
}

/** A batch of our own wire as fast-check makes it up, prints it and makes it smaller. */
interface BatchPlan extends Common {
  first: number
  lines: LinePlan[]
}

/** A hostile request, to our own path or to one of Segment's. */
export type Plan = BatchPlan | (Common & SegmentPlan)

const corpusFaults: Faults<Draft> = {
  'a text of the corpus in an event': {
    answer: 'as the oracle says',
    change(draft, at, n) {
      const index = at % draft.lines.length
      const line = new TextDecoder().decode(draft.lines[index])
      draft.lines[index] = encode(line.replace('"total":42', () => `"x":${corpus[n % corpus.length]}`))
    },
  },
}

const ofBoth = { ...transportFaults, ...headerFaults, ...signedKeyFaults }
const ofBatches: Faults<Draft> = { ...ofBoth, ...faults, ...tokenFaults, ...receiptFaults, ...corpusFaults }
const ofSegment: Faults<SegmentDraft> = { ...ofBoth, ...segmentFaults }
const largeOfBatches: Faults<Draft> = { ...largeFaults, ...largeHeaderFaults }
const largeOfSegment: Faults<SegmentDraft> = { ...largeSegmentFaults, ...largeHeaderFaults }

const [allOfBatches, allOfSegment] = [
  { ...ofBatches, ...largeOfBatches },
  { ...ofSegment, ...largeOfSegment },
]

/** The classes of both kinds of request: each has its own requests. */
export const names: { batch: readonly string[]; segment: readonly string[] } = {
  batch: Object.keys(allOfBatches),
  segment: Object.keys(allOfSegment),
}

/** Whether one of them takes as long as hundreds of others. */
export const isLarge = (name: string): boolean => name in largeOfBatches || name in largeOfSegment

function faultOf<Of>(all: Faults<Of>, name: string): Fault<Of> {
  const fault = all[name]
  if (!fault) throw new Error(`There is no fault called ${name}`)
  return fault
}

export const answerOf = (plan: Plan, name: string): Fault<never>['answer'] =>
  'lines' in plan ? faultOf(allOfBatches, name).answer : faultOf(allOfSegment, name).answer

/** A request, and what has to become of it. */
export function requestOf(plan: Plan): { posted: Posted; expected: Expected; effects: HeaderEffects } {
  if ('lines' in plan) {
    const draft = toDraft(plan.first, plan.lines)
    for (const { name, at, n } of plan.faults) faultOf(allOfBatches, name).change(draft, at, n)
    const posted = toPosted(draft)
    return { posted, expected: expectBatch(posted), effects: draft.effects }
  }
  const draft = toSegmentDraft(plan)
  for (const { name, at, n } of plan.faults) faultOf(allOfSegment, name).change(draft, at, n)
  const posted = toSegmentPosted(draft)
  // There is no such thing as a 202, so that nothing is preferred.
  const { applied: _, ...effects } = draft.effects
  return { posted, expected: expectSegment(posted, draft.takes), effects }
}

const json = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('{}', '"{:\\\\"', '[[],{"a":{"a":0}}]', '"\\ud800"', '-0.0e-0') },
  // `__proto__` has a class of its own.
  { weight: 1, arbitrary: fc.json({ maxDepth: 2 }).map((text) => text.replaceAll('__proto__', 'proto')) },
)

const oneFault = (names: readonly string[]) =>
  fc.record({ name: fc.constantFrom(...names), at: fc.nat(3), n: fc.nat(2 ** 24) })

/** One to three of the small ones, or one of the large; what is compressed takes longer, and comes more seldom. */
function someFaults(small: readonly string[], large: readonly string[]) {
  const compressed = small.filter((name) => /gzip|deflate/.test(name))
  const few = fc.oneof(
    { weight: 11, arbitrary: oneFault(small.filter((name) => !compressed.includes(name))) },
    { weight: 1, arbitrary: oneFault(compressed) },
  )
  return fc.oneof(
    { weight: 480, arbitrary: fc.tuple(few) },
    { weight: 200, arbitrary: fc.tuple(few, few) },
    { weight: 120, arbitrary: fc.tuple(few, few, few) },
    { weight: 1, arbitrary: fc.tuple(oneFault(large)) },
  )
}

const piece = fc.oneof(
  { weight: 19, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 7, max: 600 }) },
)

const batchPlans: fc.Arbitrary<BatchPlan> = fc.record({
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
  faults: someFaults(Object.keys(ofBatches), Object.keys(largeOfBatches)),
  piece,
})

const segmentPlans: fc.Arbitrary<Common & SegmentPlan> = fc.record({
  path: fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...segmentPaths.filter(([, takes]) => takes === 'batch')) },
    { weight: 1, arbitrary: fc.constantFrom(...segmentPaths) },
  ),
  place: fc.constantFrom<SegmentPlan['place'][]>('header', 'query', 'body'),
  events: fc.array(
    fc.record({
      type: fc.constantFrom('track', 'page', 'screen', 'identify', 'group', 'alias'),
      dress: fc.nat(segmentDresses - 1),
      json,
    }),
    { minLength: 1, maxLength: 2 },
  ),
  shares: fc.boolean(),
  faults: someFaults(Object.keys(ofSegment), Object.keys(largeOfSegment)),
  piece,
})

export const plans: fc.Arbitrary<Plan> = fc.oneof(
  { weight: 6, arbitrary: batchPlans },
  { weight: 1, arbitrary: segmentPlans },
)
