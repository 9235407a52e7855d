import { describe, expect, test } from 'vitest'
import { isTimestamp, parseHeader } from './header.ts'

const streamId = '0192d0c0-0000-7000-8000-000000000001'
const header = {
  v: 1,
  batchId: `${streamId}:41-60`,
  streamId,
  first: 41,
  last: 60,
  cutAt: '2026-11-22T10:00:00.000Z',
  sdk: '@waybill/browser/0.1.0',
  sentAt: '2026-11-22T10:00:01.000Z',
  attempt: 1,
}

test('a header is read', () => {
  expect(parseHeader(JSON.stringify(header))).toEqual({ ok: true, value: header })
})

test('a header may say that it is a copy, and bring a receipt and a token', () => {
  const more = { ...header, copy: true, receipt: 'r', token: 't' }
  expect(parseHeader(JSON.stringify(more))).toEqual({ ok: true, value: more })
})

test('a batch of one event is a range of one seq', () => {
  expect(parseHeader(JSON.stringify({ ...header, last: 41, batchId: `${streamId}:41-41` })).ok).toBe(true)
})

test('members that are not known are left out, so that a newer sender is understood', () => {
  expect(parseHeader(JSON.stringify({ ...header, colour: 'blue' }))).toEqual({ ok: true, value: header })
})

test.each(['', 'hello', '{"v":1', '{}}', '\ufeff{}'])('what is not JSON is no header: %j', (text) => {
  expect(parseHeader(text)).toEqual({ ok: false, fault: { reason: 'invalid_json' } })
})

test.each(['null', '[]', '"text"', '1', 'true'])('JSON that is no object is no header: %s', (text) => {
  expect(parseHeader(text)).toEqual({
    ok: false,
    fault: { reason: 'invalid_member', member: 'header', expected: 'an object' },
  })
})

describe('a fault names its member', () => {
  test.each<[member: string, value: unknown]>([
    ['v', undefined],
    ['v', 2],
    ['v', '1'],
    ['streamId', undefined],
    ['streamId', streamId.toUpperCase()],
    ['streamId', `${streamId} `],
    ['streamId', 'stream'],
    ['first', undefined],
    ['first', 0],
    ['first', -1],
    ['first', 1.5],
    ['first', '41'],
    ['first', 2 ** 53],
    ['last', undefined],
    ['last', 40],
    ['last', '60'],
    ['batchId', undefined],
    ['batchId', `${streamId}:41-61`],
    ['cutAt', undefined],
    ['cutAt', '2026-11-22'],
    ['cutAt', '2026-11-22T10:00:00Z'],
    ['cutAt', '2026-11-22T10:00:00.000+01:00'],
    ['cutAt', '2026-13-22T10:00:00.000Z'],
    ['cutAt', 1_795_341_600_000],
    ['sentAt', undefined],
    ['sentAt', 'now'],
    ['sdk', undefined],
    ['sdk', ''],
    ['sdk', 'x'.repeat(101)],
    ['attempt', undefined],
    ['attempt', 0],
    ['attempt', 1.5],
    ['copy', 'yes'],
    ['copy', null],
    ['receipt', {}],
    ['token', 7],
  ])('%s: %j', (member, value) => {
    const parsed = parseHeader(JSON.stringify({ ...header, [member]: value }))
    expect(parsed).toEqual({ ok: false, fault: { reason: 'invalid_member', member, expected: expect.any(String) } })
  })
})

test('a timestamp is an instant in UTC, to the millisecond', () => {
  expect(isTimestamp(new Date(0).toISOString())).toBe(true)
  expect(isTimestamp(new Date(8.64e15).toISOString())).toBe(false)
  expect(isTimestamp('2026-11-22T25:00:00.000Z')).toBe(false)
  expect(isTimestamp(new Date(0))).toBe(false)
})
