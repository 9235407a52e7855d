import { expect, test } from 'vitest'
import { streamOf } from '../../test/sink-data.ts'
import { createSpool } from '../edges/create-spool.ts'
import { compareRepeats } from './compare-repeats.ts'
import { createDigestLog, type Run } from './digest-log.ts'
import { emptyTally } from './stream-tally.ts'

/** Two streams in which every event came twice, the last of each with another content. */
function twice(seqs: number) {
  const log = createDigestLog(createSpool())
  for (const round of [0, 1]) {
    for (let seq = 1; seq <= seqs; seq++) {
      for (const stream of [0, 1]) {
        const run: Run = {
          stream,
          kind: 'event',
          first: seq,
          last: seq,
          file: round,
          line: seq,
          step: 1,
          batchFirst: 1,
          batchLast: seqs,
        }
        log.append(run, seq === seqs && round === 1 ? 'no match' : String(seq).padStart(8))
      }
    }
  }
  const streams = [0, 1].map((index) => {
    const again = [[{ first: 1, last: seqs, label: undefined }]]
    return { ...emptyTally(index, streamOf(index)), again }
  })
  return { log, streams }
}

test('more repeats than are looked at in one reading are found in several', () => {
  const { log, streams } = twice(100)
  const whole = compareRepeats(streams, log.read)
  expect(whole.get(0)?.repeats).toEqual({ batches: 1, events: 99, eventsInOtherBatch: 0 })
  expect(whole.get(1)?.differences).toMatchObject([{ first: 100, last: 100 }])
  for (const window of [1, 7, 100, 150]) {
    const windowed = compareRepeats(streams, log.read, window)
    for (const index of [0, 1]) expect(windowed.get(index), `window ${window}`).toEqual(whole.get(index))
  }
})

test.each(['same____', '____same'])('contents differ as soon as one half of their digests does: %s', (digest) => {
  const log = createDigestLog(createSpool())
  const run: Run = {
    stream: 0,
    kind: 'event',
    first: 1,
    last: 1,
    file: 0,
    line: 1,
    step: 1,
    batchFirst: 1,
    batchLast: 1,
  }
  log.append(run, 'samesame')
  log.append(run, digest)
  const streams = [{ ...emptyTally(0, streamOf(1)), again: [[{ first: 1, last: 1, label: undefined }]] }]
  expect(compareRepeats(streams, log.read).get(0)?.differences).toMatchObject([{ first: 1, last: 1 }])
})

test('where nothing came twice the log is not read', () => {
  const read = () => {
    throw new Error('read')
  }
  expect(compareRepeats([emptyTally(0, streamOf(1))], read).size).toBe(0)
})
