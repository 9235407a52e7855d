import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSpool } from '../edges/create-spool.ts'
import { createDigestLog, type Run } from './digest-log.ts'

type Line = Run & { digest: string }

/** What was appended, line by line again, out of the runs. */
function roundTrip(lines: readonly Line[]): Line[] {
  const log = createDigestLog(createSpool())
  for (const { digest, ...run } of lines) log.append(run, digest)
  const read: Line[] = []
  for (const { run, digestOf } of log.read()) {
    const seqs = run.kind === 'event' ? run.last - run.first + 1 : 1
    for (let index = 0; index < seqs; index++) {
      const seq = run.first + index
      const { high, low } = digestOf(seq)
      const digest = String.fromCharCode(
        ...[high, low].flatMap((half) => [24, 16, 8, 0].map((by) => (half >>> by) & 0xff)),
      )
      const place = run.kind === 'event' ? { first: seq, last: seq, line: run.line + index * run.step } : {}
      read.push({ ...run, ...place, digest })
    }
  }
  return read
}

const line: fc.Arbitrary<Line> = fc
  .record({
    stream: fc.constantFrom(0, 1),
    kind: fc.constantFrom('event', 'event', 'event', 'shed', 'rejected'),
    first: fc.integer({ min: 1, max: 4 }),
    through: fc.constantFrom(0, 9),
    file: fc.constantFrom(0, 1),
    line: fc.integer({ min: 1, max: 4 }),
    step: fc.constantFrom(0, 1),
    batchFirst: fc.constantFrom(0, 1),
    batchLast: fc.constantFrom(0, 9),
    digest: fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
      minLength: 8,
      maxLength: 8,
    }),
  })
  .map(({ through, ...each }) => ({ ...each, last: each.kind === 'event' ? each.first : each.first + through }) as Line)

test('every line comes back with its digest, its place and its batch, in order', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      expect(roundTrip(lines)).toEqual(lines)
    }),
  )
})

/** A line that goes on where the one before it ended, but for one thing. */
test.each<[what: string, change: Partial<Run>]>([
  ['nothing', {}],
  ['the stream', { stream: 1 }],
  ['the file', { file: 1 }],
  ['a line between', { line: 3 }],
  ['the beginning of the batch', { batchFirst: 2 }],
  ['the end of the batch', { batchLast: 8 }],
  ['a seq between', { first: 3, last: 3 }],
  ['the kind', { kind: 'shed' }],
])('neighbours between which there is %s come back as they were', (_, change) => {
  const one: Line = {
    stream: 0,
    kind: 'event',
    first: 1,
    last: 1,
    file: 0,
    line: 1,
    step: 1,
    batchFirst: 1,
    batchLast: 9,
    digest: 'one.....',
  }
  const other: Line = { ...one, first: 2, last: 2, line: 2, digest: 'other...', ...change }
  expect(roundTrip([one, other])).toEqual([one, other])
})

test('a run may be as long as it likes', () => {
  const lines = Array.from({ length: 10_000 }, (_, index): Line => {
    const seq = index + 1
    return {
      stream: 0,
      kind: 'event',
      first: seq,
      last: seq,
      file: 0,
      line: seq,
      step: 1,
      batchFirst: 1,
      batchLast: 10_000,
      digest: String(seq).padStart(8),
    }
  })
  expect(roundTrip(lines)).toEqual(lines)
})
