import { expect, test } from 'vitest'
import { batch, deliver, event, stream, time, tombstone } from '../../test/sink-data.ts'
import { createLineReader } from './read-line.ts'

const read = (text: string) => createLineReader()(text)

/** The client's bytes but for the last brace, which all lines have. */
const clientText = event(1).slice(0, -1)

test('what is compared of an event is what the client wrote, to the byte', () => {
  const odd = event(1).replace('"a":', ' "a" : ').replace('"properties":', '"properties" : ')
  expect(read(deliver(1, 1, [odd])[0] as string)).toMatchObject([{ kind: 'event', text: odd.slice(0, -1) }])
})

test('an event that somebody has parsed and written again is the same event', () => {
  const { received, ...members } = JSON.parse(batch(1, 1)[0] as string)
  for (const text of [JSON.stringify({ received, ...members }), JSON.stringify({ ...members, received }, null, 1)]) {
    expect(read(text)).toMatchObject([{ text: clientText, delivery: { first: 1, last: 1, skewMs: 12 } }])
  }
  expect(read(event(1))).toMatchObject([{ text: clientText, delivery: undefined }])
})

test('a member of that name within an event is the client’s', () => {
  const received = { at: time(0), batchId: `${stream}:1-1` }
  const inside = `${event(1).slice(0, -1)},"context":{"page":{},"received":${JSON.stringify(received)}}}`
  expect(read(inside)).toMatchObject([{ text: inside.slice(0, -1), delivery: undefined }])
  expect(read(deliver(1, 1, [inside])[0] as string)).toMatchObject([
    { text: inside.slice(0, -1), delivery: { first: 1 } },
  ])
})

test('lines of one batch are read as each other’s neighbours, and of another as theirs', () => {
  const reader = createLineReader()
  const [one, two] = batch(1, 2) as [string, string]
  const [three] = batch(3, 3) as [string]
  const firsts = [one, two, three, two]
    .flatMap((line) => reader(line))
    .map((line) => 'delivery' in line && line.delivery?.first)
  expect(firsts).toEqual([1, 1, 3, 1])
})

test('a tombstone stands for its range, and `through` on an event for nothing', () => {
  expect(read(tombstone(3, { through: 7 }))).toMatchObject([{ kind: 'shed', seq: 3, through: 7, reason: 'cap' }])
  expect(read(tombstone(3, { type: 'rejected', reason: 'too_deep' }))).toMatchObject([{ kind: 'rejected', through: 3 }])
  expect(read(event(3).replace('"type"', '"through":9,"type"'))).toMatchObject([{ kind: 'event', seq: 3, through: 3 }])
})

test('a collector’s member that can’t be understood leaves the event as it is', () => {
  for (const received of ['null', '1', '{}', '{"batchId":"x"}', `{"batchId":"${stream}:2-1"}`]) {
    expect(read(`${clientText},"received":${received}}`)).toMatchObject([{ text: clientText, delivery: undefined }])
  }
})

test('a fault shows the beginning of the line', () => {
  expect(read(`{${'x'.repeat(1_000)}`)).toEqual([{ kind: 'not_json', detail: expect.stringMatching(/^.{60,100}$/) }])
})
