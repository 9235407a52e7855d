import { expect, test } from 'vitest'
import { deliverable, lineOf, tombstoneOf } from '../../test/batches.ts'
import { type ConsoleSinkOptions, consoleSink } from './console-sink.ts'

async function printed(...lines: string[]): Promise<string[]> {
  const texts: string[] = []
  const sink = consoleSink({ print: (text) => texts.push(text) })
  expect(await sink.deliver(await deliverable(1, 9, lines), new AbortController().signal)).toMatchObject({ ok: true })
  return texts
}

test('each line is printed for people, an event by its name and a tombstone by its reason', async () => {
  const received = { at: '2026-11-22T10:00:01.000Z' }
  expect(
    await printed(
      lineOf(1),
      lineOf(2, { type: 'page', event: undefined, name: 'Home', properties: undefined }),
      lineOf(3, { type: 'identify', event: undefined, properties: undefined, traits: { plan: 'pro' } }),
      tombstoneOf(4, { type: 'shed', reason: 'cap', through: 9, received }),
    ),
  ).toEqual([
    '10:00:00.000     1  track     Order Completed  {"total":42}',
    '10:00:00.000     2  page      Home',
    '10:00:00.000     3  identify  {"plan":"pro"}',
    '10:00:01.000   4–9  shed      cap',
  ])
})

test('nothing that a sender has put into an event reaches the terminal as a control character', async () => {
  const [text] = await printed(lineOf(1, { event: 'a\u001b[2Jb\r\nc\u0085d\u009be' }))
  expect(text).toContain('a [2Jb c d e')
  expect(text).not.toMatch(/\p{Cc}/u)
})

test('a long event is cut off', async () => {
  const [text] = await printed(lineOf(1, { properties: { text: 'x'.repeat(30_000) } }))
  expect(text).toHaveLength(201)
})

test('an option that there is not is refused when the sink is made', () => {
  expect(() => consoleSink({ printer: () => {} } as ConsoleSinkOptions)).toThrow(
    "console: there is no setting 'printer'",
  )
})
