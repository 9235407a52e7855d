import { expect, test } from 'vitest'
import { batchOf } from '../test/batches.ts'
import { KEY, ORIGIN, writeKey } from '../test/present.ts'
import { recordingSink } from '../test/recording-sink.ts'
import { type CollectorOptions, createCollector } from './index.ts'

async function challengeOf(
  path: string,
  headers: Record<string, string>,
  options: Partial<CollectorOptions> = {},
): Promise<[status: number, challenge: string | null]> {
  const app = createCollector({ keys: [writeKey], sinks: [recordingSink()], ...options })
  const { status, headers: answered } = await app.request(path, { method: 'POST', body: batchOf(1, 2), headers })
  return [status, answered.get('WWW-Authenticate')]
}

const text = { 'Content-Type': 'text/plain' }

test.each([
  ['a page', { ...text, Origin: ORIGIN }],
  ['a server', text],
])('a 401 tells %s the scheme of write keys, which no browser asks its user for', async (_, headers) => {
  expect(await challengeOf('/v1/events?key=wk_other', headers)).toEqual([401, 'WaybillKey'])
})

test('a 401 of Segment’s API asks a server for Basic, as its clients send it', async () => {
  expect(await challengeOf('/v1/track', text)).toEqual([401, 'Basic realm="waybill"'])
})

test.each([ORIGIN, 'null'])(
  'a 401 of Segment’s API lets no browser ask the visitor of %s for a password',
  async (Origin) => {
    expect(await challengeOf('/v1/track', { ...text, Origin })).toEqual([401, 'WaybillKey'])
  },
)

test('a path of Segment’s that is our own is answered as ours', async () => {
  expect(await challengeOf('/v1/track?key=wk_other', text, { path: '/v1/track', segmentApi: false })).toEqual([
    401,
    'WaybillKey',
  ])
})

test('nothing but a 401 asks for a key', async () => {
  expect(await challengeOf(`/v1/events?key=${KEY}`, { ...text, Origin: 'https://other.example' })).toEqual([403, null])
  expect(await challengeOf('/nowhere', text)).toEqual([404, null])
})
