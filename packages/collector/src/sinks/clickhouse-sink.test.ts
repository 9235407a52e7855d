import { expect, test } from 'vitest'
import { deliverable, lineOf, linesOf, NOW, STREAM, tombstoneOf } from '../../test/batches.ts'
import { fakeClickhouse } from '../../test/sinks/fake-clickhouse.ts'
import { ConfigurationError } from '../core/configuration-error.ts'
import type { Fetch } from '../core/http.ts'
import { clickhouseSink } from './clickhouse-sink.ts'

const { signal } = new AbortController()
const options = { url: 'https://clickhouse.example:8443', user: 'waybill', password: 'secret' }

async function rowsOf(lines: readonly string[]) {
  const { inserts, fetch } = fakeClickhouse({ ...options, table: 'events' })
  const delivery = await clickhouseSink({ ...options, fetch }).deliver(
    await deliverable(1, lines.length, lines),
    signal,
  )
  expect(delivery).toEqual({ ok: true, value: undefined })
  return [...inserts.values()].flat()
}

test('an event is a row: its line as it was, and columns to find it by', async () => {
  const [line = ''] = linesOf(1, 1)
  const batch = await deliverable(1, 1)
  expect(await rowsOf([line])).toEqual([
    {
      key_id: 'site',
      batch_id: batch.batchId,
      digest: batch.digest,
      stream_id: STREAM,
      seq: 1,
      through: 1,
      type: 'track',
      event: 'Order Completed',
      message_id: `${STREAM}.1`,
      anonymous_id: 'a-1',
      user_id: '',
      timestamp: '2026-11-22T10:00:00.000Z',
      received_at: new Date(NOW).toISOString(),
      line,
    },
  ])
})

test('a tombstone is a row that says how far it reaches', async () => {
  const line = tombstoneOf(1, { through: 1, type: 'shed', reason: 'cap' })
  const rows = await rowsOf([line])
  expect(rows).toMatchObject([{ seq: 1, through: 1, type: 'shed', event: '', message_id: '', timestamp: null, line }])
})

test.each([
  ['half a surrogate pair in a name', { event: 'a\ud800' }, { event: 'a\ufffd' }],
  [
    'a time before the first that there is a column for',
    { timestamp: '0001-01-01T00:00:00.000Z' },
    { timestamp: null },
  ],
  ['a page', { type: 'page', event: undefined, name: 'Home' }, { type: 'page', event: 'Home' }],
])('%s does not hold the batch back', async (_, members, row) => {
  const line = lineOf(1, members)
  expect(await rowsOf([line])).toMatchObject([{ ...row, line }])
})

test.each([
  [
    'a table that is not there',
    404,
    { 'X-ClickHouse-Exception-Code': '60' },
    "Code: 60. … 'o-1' (UNKNOWN_TABLE)",
    'answered 404 exception 60 UNKNOWN_TABLE',
  ],
  [
    'an exception after a 200',
    200,
    {},
    "Code: 241. … 'o-1' (MEMORY_LIMIT_EXCEEDED)",
    'answered 200 exception 241 MEMORY_LIMIT_EXCEEDED',
  ],
  [
    'an exception that only a header tells of',
    200,
    { 'X-ClickHouse-Exception-Code': '241' },
    '',
    'answered 200 exception 241',
  ],
  ['the page of somebody else', 200, {}, '<html>Sign in', 'answered 200 with what is no answer of ClickHouse'],
  ['a redirect', 302, { Location: 'https://elsewhere.example' }, '', 'answered 302'],
  ['a server that is busy', 503, { 'Retry-After': '9' }, '', 'answered 503'],
])(
  '%s leaves the batch with the client, and nothing of the exception but its name is told',
  async (_, status, headers, body, detail) => {
    const fetch: Fetch = async () => new Response(body, { status, headers })
    const retryAfter = 'Retry-After' in headers ? { retryAfter: 9 } : {}
    expect(await clickhouseSink({ ...options, fetch }).deliver(await deliverable(1, 1), signal)).toEqual({
      ok: false,
      fault: { kind: 'transient', detail, ...retryAfter },
    })
  },
)

test('an answer that breaks off is none', async () => {
  const body = new ReadableStream({ start: (controller) => controller.error(new Error('reset')) })
  const fetch: Fetch = async () => new Response(body)
  expect(await clickhouseSink({ ...options, fetch }).deliver(await deliverable(1, 1), signal)).toEqual({
    ok: false,
    fault: { kind: 'transient', detail: 'Error: the answer broke off' },
  })
})

test('credentials go in headers, and no redirect is followed', async () => {
  const requests: [string, RequestInit][] = []
  const fetch: Fetch = async (...request) => {
    requests.push(request)
    return new Response()
  }
  await clickhouseSink({ ...options, fetch }).deliver(await deliverable(1, 1), signal)
  const [[url, init]] = requests as [[string, RequestInit]]
  expect(url).not.toContain('secret')
  expect(new Headers(init.headers).get('X-ClickHouse-Key')).toBe('secret')
  expect(init.redirect).toBe('manual')
})

test.each<[what: string, change: object, message: string]>([
  ['http to another machine', { url: 'http://clickhouse.example' }, 'clickhouse url: use https'],
  ['settings in the URL', { url: 'https://clickhouse.example?user=x' }, 'clickhouse url: leave out'],
  ['a table that is a query', { table: 'events; DROP TABLE events' }, 'clickhouse table: use a name'],
  ['no user', { user: '' }, 'clickhouse user: it is empty; set it.'],
  ['a user of whitespace alone', { user: ' \n' }, 'clickhouse user: it is empty; set it.'],
  ['a user that is not set', { user: undefined }, 'clickhouse user: it is missing; set it.'],
  ['a password that is not set', { password: undefined }, 'clickhouse password: it is missing; set it.'],
  ['a user with a line break', { user: 'TOP\nSECRET' }, 'clickhouse user: it has a character that no header may have'],
  ['a password with a line break', { password: 'TOP\nSECRET' }, 'clickhouse password: it has a character'],
  ['a table that is null', { table: null }, 'clickhouse table: use a name'],
  ['an option that there is not', { database: 'analytics' }, "clickhouse: there is no setting 'database'"],
])('%s is refused when the sink is made', (_, change, message) => {
  expect(() => clickhouseSink({ ...options, ...change })).toThrow(ConfigurationError)
  expect(() => clickhouseSink({ ...options, ...change })).toThrow(message)
  const shown = expect.objectContaining({ message: expect.not.stringContaining('TOP') })
  expect(() => clickhouseSink({ ...options, ...change })).toThrow(shown)
})

test('a user and a password go without their outer whitespace, as the line break of a mounted file', async () => {
  const { inserts, fetch } = fakeClickhouse({ ...options, table: 'events' })
  const sink = clickhouseSink({ ...options, user: ' waybill\r\n', password: '\tsecret\n', fetch })
  expect(await sink.deliver(await deliverable(1, 1), signal)).toEqual({ ok: true, value: undefined })
  expect(inserts.size).toBe(1)
  expect(sink.generation).toBe(clickhouseSink(options).generation)
})

test('a user may have an empty password', () => {
  expect(() => clickhouseSink({ ...options, password: '' })).not.toThrow()
})
