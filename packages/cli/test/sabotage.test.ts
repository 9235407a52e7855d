import { describe, expect, test } from 'vitest'
import { createAudit } from '../src/core/create-audit.ts'
import type { Spool } from '../src/core/digest-log.ts'
import { digest } from '../src/edges/digest.ts'
import { auditLines, onlyStream } from './audit-lines.ts'
import { batch, deliver, event, objectKey, range, stream, streamOf, time, tombstone } from './sink-data.ts'

const at = (report: ReturnType<typeof auditLines>) => ({ ...onlyStream(report), verdict: report.verdict })

/** Three batches of a stream, in order and whole. */
const [first, second, third] = [batch(1, 20), batch(21, 40), batch(41, 60)]
const whole = [...first, ...second, ...third]

const without = (lines: readonly string[], index: number) => lines.toSpliced(index, 1)

test('a stream that holds every seq is complete', () => {
  const report = auditLines({ 'a.ndjson': whole })
  expect(report).toMatchObject({ verdict: 'complete', remarks: [] })
  expect(at(report)).toEqual({
    verdict: 'complete',
    streamId: stream,
    keys: [],
    first: 1,
    last: 60,
    events: 60,
    explained: [],
    missing: [],
    forks: [],
    repeats: { batches: 0, events: 0, eventsInOtherBatch: 0 },
    rejectedAndHeld: 0,
    late: { batches: 0, lines: 0 },
    // From 19 ms before the batch's end to the end itself, and 100 ms on the way.
    lagMs: {
      min: 100,
      p50: expect.closeTo(109, -1),
      p95: expect.closeTo(118, -1),
      p99: expect.closeTo(119, -1),
      max: 119,
    },
    skewMs: { min: 12, max: 12 },
  })
})

describe('what is missing', () => {
  test('a line: its batch has come, without it', () => {
    const report = auditLines({ 'a.ndjson': without(whole, 29) })
    expect(at(report)).toMatchObject({
      verdict: 'incomplete',
      events: 59,
      missing: [{ first: 30, last: 30, kind: 'line' }],
    })
    expect(report.totals.missing).toBe(1)
  })

  test('a batch: none that holds its seqs has come', () => {
    const report = auditLines({ 'a.ndjson': [...first, ...third] })
    expect(at(report)).toMatchObject({ verdict: 'incomplete', missing: [{ first: 21, last: 40, kind: 'batch' }] })
  })

  test('the first batch: every stream begins at 1', () => {
    const report = auditLines({ 'a.ndjson': [...second, ...third] })
    expect(at(report)).toMatchObject({
      verdict: 'incomplete',
      first: 21,
      missing: [{ first: 1, last: 20, kind: 'batch' }],
    })
  })

  test('the end of the last batch, which its batch id tells of', () => {
    const report = auditLines({ 'a.ndjson': whole.slice(0, 55) })
    expect(at(report)).toMatchObject({ last: 60, missing: [{ first: 56, last: 60, kind: 'line' }] })
  })

  test('a batch and the line before it are two gaps', () => {
    const report = auditLines({ 'a.ndjson': [...without(first, 19), ...third] })
    expect(at(report).missing).toEqual([
      { first: 20, last: 20, kind: 'line' },
      { first: 21, last: 40, kind: 'batch' },
    ])
  })

  test('all of an object, whose name is left', () => {
    const report = auditLines({ [objectKey(1, 20)]: first, [objectKey(21, 40)]: [] })
    expect(at(report)).toMatchObject({ verdict: 'incomplete', missing: [{ first: 21, last: 40, kind: 'line' }] })
  })

  test('a damaged line is named with file and line, and its seq is missing', () => {
    const report = auditLines({ 'a.ndjson': whole.with(29, whole[29]?.slice(0, 50) ?? '') })
    expect(at(report)).toMatchObject({ verdict: 'incomplete', missing: [{ first: 30, last: 30 }] })
    expect(report.remarks).toMatchObject([{ kind: 'not_json', file: 'a.ndjson', line: 30 }])
  })

  test.each<[what: string, line: string | undefined]>([
    ['the seq', whole[29]?.replace('"seq":30', '"seq":33')],
    ['the batch id', whole[29]?.replace(':21-40"', ':31-40"')],
    ['the stream of the batch id', whole[29]?.replace(`"batchId":"${stream}`, `"batchId":"${streamOf(2)}`)],
  ])('a line in which %s was changed contradicts itself, and stands for nothing', (_, line = '') => {
    const report = auditLines({ 'a.ndjson': whole.with(29, line) })
    expect(report.remarks).toMatchObject([{ kind: 'contradictory', line: 30, file: 'a.ndjson' }])
    expect(at(report).missing).toEqual([{ first: 30, last: 30, kind: 'line' }])
  })

  test.each<[what: string, change: (line: string) => string]>([
    ['the seq became text', (line) => line.replace('"seq":6,', '"seq":"6",')],
    ['the seq is gone', (line) => line.replace('"seq":6,', '')],
    ['the stream is no id any more', (line) => line.replace(`"streamId":"${stream}"`, '"streamId":"0192d0c0"')],
    ['the type is no text', (line) => line.replace('"type":"track"', '"type":5')],
    ['the type is gone', (line) => line.replace('"type":"track",', '')],
  ])('a line alone in the last batch in which %s is damaged, and its batch id tells of the gap', (_, change) => {
    const [line = ''] = batch(6, 6)
    const damaged = change(line)
    expect(damaged).not.toBe(line)
    for (const last of [damaged, `[${damaged}]`]) {
      const report = auditLines({ 'a.ndjson': [...batch(1, 5), last] })
      expect(report.remarks).toEqual([{ kind: 'damaged', file: 'a.ndjson', line: 6, detail: expect.any(String) }])
      expect(at(report)).toMatchObject({
        verdict: 'incomplete',
        last: 6,
        events: 5,
        missing: [{ first: 6, last: 6, kind: 'line' }],
      })
    }
    expect(at(auditLines({ 'a.ndjson': [...batch(1, 5), damaged, line] }))).toMatchObject({
      verdict: 'unreadable',
      events: 6,
      missing: [],
    })
  })

  test('a line alone in the last batch whose stream became another contradicts its messageId, and leaves a gap', () => {
    const last = batch(6, 6).map((line) => line.replace(`"streamId":"${stream}"`, `"streamId":"${streamOf(2)}"`))
    const report = auditLines({ 'a.ndjson': [...batch(1, 5), ...last] })
    expect(report.remarks).toMatchObject([{ kind: 'contradictory', file: 'a.ndjson', line: 6 }])
    expect(at(report)).toMatchObject({ verdict: 'incomplete', missing: [{ first: 6, last: 6, kind: 'line' }] })
  })

  test('of a stream whose only line is damaged its batch id tells', () => {
    const report = auditLines({ 'a.ndjson': batch(1, 1).map((line) => line.replace('"seq":1,', '')) })
    expect(at(report)).toMatchObject({ verdict: 'incomplete', missing: [{ first: 1, last: 1, kind: 'line' }] })
  })

  test('an event that was made a tombstone contradicts itself, and explains nothing', () => {
    for (const type of ['shed', 'rejected']) {
      const last = batch(6, 6).map((line) => line.replace('"type":"track"', `"type":"${type}","reason":"cap"`))
      const report = auditLines({ 'a.ndjson': [...batch(1, 5), ...last] })
      expect(report.remarks).toMatchObject([{ kind: 'contradictory', file: 'a.ndjson', line: 6 }])
      expect(at(report)).toMatchObject({
        verdict: 'incomplete',
        explained: [],
        missing: [{ first: 6, last: 6, kind: 'line' }],
      })
    }
  })

  test('a tombstone with one member of an event contradicts itself', () => {
    for (const member of ['"timestamp":""', '"event":"Clicked"', '"properties":{}', '"traits":{}', '"state":{}']) {
      const line = tombstone(6).replace('"type"', `${member},"type"`)
      const report = auditLines({ 'a.ndjson': [...batch(1, 5), line] })
      expect(report).toMatchObject({ verdict: 'unreadable', remarks: [{ kind: 'contradictory', line: 6 }] })
    }
  })

  test('a damaged line whose event came again leaves nothing missing, and the input is none the less not all read', () => {
    const report = auditLines({ 'a.ndjson': [...whole, '{"streamId":', ...second] })
    expect(at(report)).toMatchObject({ verdict: 'unreadable', missing: [], events: 60 })
  })
})

describe('gaps that say why', () => {
  test('a shed range and rejected events have their reasons, neighbours with the same one together', () => {
    const lines = [
      event(1),
      tombstone(2, { through: 9, reason: 'age' }),
      tombstone(10, { type: 'rejected', reason: 'too_deep' }),
      tombstone(11, { type: 'rejected', reason: 'too_deep' }),
      tombstone(12, { reason: 'cap' }),
      event(13),
    ]
    const report = auditLines({ 'a.ndjson': deliver(1, 13, lines) })
    expect(at(report)).toMatchObject({
      verdict: 'complete',
      events: 2,
      missing: [],
      explained: [
        { first: 2, last: 9, explanation: 'shed: age' },
        { first: 10, last: 11, explanation: 'rejected: too_deep' },
        { first: 12, last: 12, explanation: 'shed: cap' },
      ],
    })
    expect(report.totals).toMatchObject({ events: 2, shed: 9, rejected: 2, missing: 0 })
  })

  test('a tombstone explains its own range only', () => {
    const report = auditLines({ 'a.ndjson': deliver(1, 9, [event(1), tombstone(2, { through: 4 }), event(9)]) })
    expect(at(report).missing).toEqual([{ first: 5, last: 8, kind: 'line' }])
  })

  test('an event that one delivery rejected and another holds is there, and no fork: the client sent the same', () => {
    const rejected = deliver(1, 2, [event(1), tombstone(2, { type: 'rejected', reason: 'too_deep' })])
    for (const lines of [
      [...rejected, ...batch(1, 2)],
      [...batch(1, 2), ...rejected],
    ]) {
      expect(at(auditLines({ 'a.ndjson': lines }))).toMatchObject({
        verdict: 'complete',
        events: 2,
        explained: [],
        rejectedAndHeld: 1,
        forks: [],
      })
    }
  })

  test('a range that the browser shed in one delivery and the collector rejected in another is no fork', () => {
    const shed = deliver(1, 4, [tombstone(1, { through: 4 })])
    const rejected = deliver(1, 4, [tombstone(1, { through: 4, type: 'rejected', reason: 'invalid_event' })])
    for (const lines of [
      [...shed, ...rejected],
      [...rejected, ...shed],
    ]) {
      expect(at(auditLines({ 'a.ndjson': lines }))).toMatchObject({ verdict: 'complete', forks: [] })
    }
  })

  test('a batch that came twice after its range was rejected once is a repeat', () => {
    const rejected = deliver(1, 4, [tombstone(1, { through: 4, type: 'rejected', reason: 'invalid_event' })])
    const report = auditLines({ 'a.ndjson': [...rejected, ...batch(1, 4), ...batch(1, 4)] })
    expect(at(report)).toMatchObject({ verdict: 'complete', rejectedAndHeld: 4, repeats: { batches: 2, events: 4 } })
  })

  test('a tombstone of all the seqs there can be takes no more time than another', () => {
    const huge = deliver(1, Number.MAX_SAFE_INTEGER, [tombstone(1, { through: Number.MAX_SAFE_INTEGER })], {
      at: 0,
    })
    const report = auditLines({ 'a.ndjson': [...huge, ...huge, ...batch(5, 7), ...huge] })
    expect(at(report)).toMatchObject({ events: 3, last: Number.MAX_SAFE_INTEGER, forks: [{ first: 5, last: 7 }] })
  })
})

describe('repeats', () => {
  test('a batch that came again is counted, and its collector’s clock makes no fork of it', () => {
    const again = batch(21, 40, { at: 9_000, skewMs: -3 })
    const report = auditLines({ 'a.ndjson': [...whole, ...again], 'b.ndjson': again })
    expect(at(report)).toMatchObject({
      verdict: 'complete',
      events: 60,
      repeats: { batches: 2, events: 40, eventsInOtherBatch: 0 },
      forks: [],
      late: { batches: 0, lines: 0 },
    })
  })

  test('an event that came again under another batch id', () => {
    const report = auditLines({ 'a.ndjson': [...whole, ...deliver(19, 20, [event(19), event(20)])] })
    expect(at(report)).toMatchObject({
      verdict: 'complete',
      repeats: { batches: 0, events: 2, eventsInOtherBatch: 2 },
      forks: [],
    })
  })

  test('an event says how late it was by its first delivery', () => {
    const report = auditLines({ 'a.ndjson': [...batch(1, 2), ...batch(1, 2, { at: 5_000_000 })] })
    expect(at(report).lagMs).toMatchObject({ max: 101 })
  })

  test('an event without `received` is compared with one that has it', () => {
    const report = auditLines({ 'a.ndjson': [...first, event(20), event(19, { name: 'Else' })] })
    expect(at(report)).toMatchObject({ repeats: { events: 1 }, forks: [{ first: 19, last: 19 }] })
  })

  test('a webhook’s JSON array holds the same events as lines do', () => {
    const report = auditLines({ 'a.ndjson': whole, 'b.json': [`[${second.join(',')}]`] })
    expect(at(report)).toMatchObject({ verdict: 'complete', repeats: { batches: 1, events: 20 }, forks: [] })
  })
})

test('digests take 8 bytes an event and 64 a batch, in lines and in JSON arrays', () => {
  for (const lines of [batch(1, 500), [`[${batch(1, 500).join(',')}]`]]) {
    let bytes = 0
    const spool: Spool = {
      append(appended) {
        bytes += appended.length
      },
      read: () => [],
    }
    const audit = createAudit({ spool, digest })
    audit.beginFile('a')
    for (const [index, line] of lines.entries()) audit.addLine(line, index + 1)
    for (const line of batch(501, 501)) audit.addLine(line, 501)
    expect(bytes).toBe(500 * 8 + 64)
  }
})

describe('order', () => {
  test('a batch that came after a later one in a file', () => {
    const report = auditLines({ 'a.ndjson': [...first, ...third, ...second] })
    expect(at(report)).toMatchObject({
      verdict: 'complete',
      late: { batches: 1, lines: 20, first: { file: 'a.ndjson', line: 41 } },
    })
  })

  test('batches that are out of order between files', () => {
    const report = auditLines({ 'a.ndjson': third, 'b.ndjson': second, 'c.ndjson': first })
    expect(at(report).late).toEqual({ batches: 2, lines: 40, first: { file: 'b.ndjson', line: 1 } })
  })

  test('objects are read in the order of their names: there the collector’s clock tells', () => {
    const [early, late] = [batch(1, 20, { at: 500 }), batch(21, 40, { at: 600 })]
    const inOrder = auditLines({ [objectKey(21, 40)]: late, [objectKey(1, 20)]: early })
    expect(at(inOrder).late).toEqual({ batches: 0, lines: 0 })
    const after = batch(1, 20, { at: 700 })
    for (const files of [
      { [objectKey(1, 20)]: after, [objectKey(21, 40)]: late },
      { [objectKey(21, 40)]: late, [objectKey(1, 20)]: after },
    ]) {
      expect(at(auditLines(files)).late).toMatchObject({ batches: 1, lines: 20 })
    }
  })
})

describe('forks', () => {
  test('a batch that came again with another event', () => {
    const other = deliver(
      21,
      40,
      range(21, 40).map((seq) => event(seq, { name: seq > 38 ? 'Else' : 'Clicked' })),
    )
    const report = auditLines({ 'a.ndjson': whole, 'b.ndjson': other })
    expect(at(report)).toMatchObject({
      verdict: 'incomplete',
      events: 60,
      missing: [],
      repeats: { batches: 1, events: 18 },
      forks: [
        {
          kind: 'content',
          first: 39,
          last: 40,
          positions: [
            { file: 'a.ndjson', line: 39 },
            { file: 'b.ndjson', line: 19 },
          ],
        },
      ],
    })
    expect(report.totals.forked).toBe(1)
  })

  test('in a JSON array, which is one line', () => {
    const other = deliver(
      21,
      40,
      range(21, 40).map((seq) => event(seq, { name: seq === 39 ? 'Else' : 'Clicked' })),
    )
    const report = auditLines({ 'a.ndjson': whole, 'b.json': ['', `[${other.join(',')}]`] })
    expect(at(report).forks).toMatchObject([{ first: 39, positions: [{ line: 39 }, { file: 'b.json', line: 2 }] }])
  })

  test('a range that was cut anew, the same at first and then another', () => {
    const anew = deliver(
      31,
      50,
      range(31, 50).map((seq) => event(seq, { name: seq > 40 ? 'Else' : 'Clicked' })),
    )
    const report = auditLines({ 'a.ndjson': [...whole, ...anew] })
    expect(at(report)).toMatchObject({
      verdict: 'incomplete',
      forks: [{ kind: 'content', first: 41, last: 50 }],
      repeats: { batches: 0, events: 10, eventsInOtherBatch: 10 },
    })
  })

  test('an event in one history that the other one shed', () => {
    const report = auditLines({ 'a.ndjson': [...whole, ...deliver(21, 40, [tombstone(21, { through: 40 })])] })
    expect(at(report)).toMatchObject({ verdict: 'incomplete', events: 60, forks: [{ first: 21, last: 40 }] })
  })

  test('two tombstones with different reasons', () => {
    const one = deliver(1, 9, [tombstone(1, { through: 9, reason: 'cap' })])
    const other = deliver(5, 12, [tombstone(5, { through: 12, reason: 'age' })])
    const report = auditLines({ 'a.ndjson': [...one, ...other] })
    expect(at(report)).toMatchObject({ verdict: 'incomplete', forks: [{ kind: 'reason', first: 5, last: 9 }] })
  })

  test('an object beside another one of the same batch, compared with it', () => {
    const other = deliver(
      1,
      20,
      range(1, 20).map((seq) => event(seq, { name: seq > 15 ? 'Else' : 'Clicked' })),
    )
    const fork = objectKey(1, 20, { fork: '0a1b2c3d' })
    const report = auditLines({ [objectKey(1, 20)]: first, [fork]: other })
    expect(at(report)).toMatchObject({
      verdict: 'incomplete',
      forks: [
        { kind: 'content', first: 16, last: 20, positions: [{ file: objectKey(1, 20) }, { file: fork, line: 16 }] },
      ],
    })
  })

  test('such an object alone, by its name', () => {
    const fork = objectKey(1, 20, { fork: '0a1b2c3d' })
    const report = auditLines({ [fork]: first })
    expect(at(report)).toMatchObject({
      verdict: 'incomplete',
      forks: [{ kind: 'object', first: 1, last: 20, positions: [{ file: fork }] }],
    })
  })
})

describe('an object beside another one, where the collector rejected', () => {
  const beside = objectKey(1, 20, { fork: '0a1b2c3d' })
  const rejecting = (reason: string) =>
    deliver(1, 20, [...range(1, 19).map((seq) => event(seq)), tombstone(20, { type: 'rejected', reason })])

  test('an event in the one and took it in the other is no fork: the event is there', () => {
    const rejected = rejecting('event_too_large')
    for (const [one, other] of [
      [first, rejected],
      [rejected, first],
    ] as const) {
      const report = auditLines({ [objectKey(1, 20)]: one, [beside]: other })
      expect(at(report)).toMatchObject({ verdict: 'complete', events: 20, rejectedAndHeld: 1, forks: [] })
    }
  })

  test('the same event for two reasons is no fork', () => {
    const report = auditLines({
      [objectKey(1, 20)]: rejecting('event_too_large'),
      [beside]: rejecting('properties_too_large'),
    })
    expect(at(report)).toMatchObject({ verdict: 'complete', events: 19, forks: [] })
  })

  test.each(['erased', 'refused_by_sink'])('nothing, as the event was %s, stays a fork', (reason) => {
    const report = auditLines({ [objectKey(1, 20)]: rejecting(reason), [beside]: first })
    expect(at(report)).toMatchObject({
      verdict: 'incomplete',
      rejectedAndHeld: 1,
      forks: [{ kind: 'object', first: 1 }],
    })
  })

  test('an event of another batch stays a fork', () => {
    const report = auditLines({
      'a.ndjson': [...second, ...rejecting('event_too_large'), ...first],
      [objectKey(21, 40, { fork: '0a1b2c3d' })]: second,
    })
    expect(at(report)).toMatchObject({
      verdict: 'incomplete',
      rejectedAndHeld: 1,
      forks: [{ kind: 'object', first: 21 }],
    })
  })
})

describe('what else is named', () => {
  test('lines of a foreign program, those that follow each other together; they prove nothing and spoil nothing', () => {
    const log = ['{"level":"info"}', '{"level":"warn"}', '"text"', '[]', '{"streamId":"x","seq":1}']
    const report = auditLines({ 'a.ndjson': [...first, ...log, ...second] })
    expect(report).toMatchObject({ verdict: 'complete', totals: { lines: 45, events: 40 } })
    expect(report.remarks).toMatchObject([
      { kind: 'foreign', file: 'a.ndjson', line: 21, through: 23 },
      { kind: 'foreign', file: 'a.ndjson', line: 25 },
    ])
  })

  test('a stream below two keys', () => {
    const report = auditLines({
      [objectKey(1, 20)]: first,
      [objectKey(21, 40, { key: 'shop-2' })]: second,
    })
    expect(at(report)).toMatchObject({ verdict: 'complete', keys: ['shop', 'shop-2'] })
  })

  test('an object that holds something else than its name says', () => {
    const report = auditLines({ [objectKey(1, 20)]: first, [objectKey(21, 40)]: third })
    expect(report.remarks).toMatchObject([{ kind: 'misplaced', file: objectKey(21, 40), line: 1 }])
    expect(at(report).missing).toEqual([{ first: 21, last: 40, kind: 'line' }])
  })

  test('streams are told apart', () => {
    const other = batch(1, 20, { streamId: streamOf(2) })
    const mixed = range(0, 19).flatMap((index) => [first[index] ?? '', other[index] ?? ''])
    const report = auditLines({ 'a.ndjson': [...mixed, ...without(batch(21, 30, { streamId: streamOf(2) }), 4)] })
    expect(report.streams).toMatchObject([
      { streamId: stream, events: 20, missing: [], late: { lines: 0 } },
      { streamId: streamOf(2), events: 29, missing: [{ first: 25, last: 25 }] },
    ])
  })

  test('a device whose clock is ahead has events that came before they happened', () => {
    const ahead = deliver(1, 1, [event(1, { at: 60_000 })], { at: 1_000, skewMs: -59_500 })
    expect(at(auditLines({ 'a.ndjson': ahead }))).toMatchObject({
      lagMs: { min: -59_000, p50: -59_000 },
      skewMs: { min: -59_500, max: -59_500 },
    })
  })

  test('times that can’t be read leave out the lag, and nothing else', () => {
    const lines = first.map((line) => line.replace(time(1), 'yesterday'))
    expect(at(auditLines({ 'a.ndjson': lines }))).toMatchObject({ verdict: 'complete', events: 20 })
  })

  test('where no line is of a stream nothing is proved', () => {
    for (const [lines, count] of [
      [['', '  '], 0],
      [['{"level":"info"}'], 1],
    ] as const) {
      expect(auditLines({ 'a.ndjson': lines })).toMatchObject({
        verdict: 'empty',
        streams: [],
        totals: { lines: count },
      })
    }
  })
})
