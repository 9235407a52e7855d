import { ConfigurationError } from '@waybill/collector'
import { expect, test, vi } from 'vitest'
import collector, { type Settings } from './collector.config.ts'
// @ts-expect-error Vite's `?raw` is a text, which these types do not know.
import wrangler from './wrangler.jsonc?raw'

const EVENTS: Settings['EVENTS'] = { head: async () => null, put: async () => ({}) }
const BUCKET = { EVENTS, EVENTS_BUCKET: 'waybill-events' }
const WRITE_KEYS = '{"wk_live_1":{"id":"site","origins":["https://www.example.com"]}}'
const optionsOf = (settings: Settings) => collector.configure(settings).options
const names = (settings: Settings) => optionsOf(settings).sinks.map(({ name }) => name)

test('write keys are read from JSON', () => {
  expect(optionsOf({ ...BUCKET, WRITE_KEYS }).keys).toEqual([
    { key: 'wk_live_1', id: 'site', origins: ['https://www.example.com'] },
  ])
})

test('a write key may be one of servers, which send no origin', () => {
  const servers = '{"wk_server_1":{"id":"site","origins":"server"}}'
  expect(optionsOf({ ...BUCKET, WRITE_KEYS: servers }).keys).toEqual([
    { key: 'wk_server_1', id: 'site', origins: 'server' },
  ])
})

test('signing keys are read from JSON, and may stand in the place of write keys', () => {
  const secret = 'a secret of 32 characters or more'
  const configured = optionsOf({ ...BUCKET, SIGNING_KEYS: JSON.stringify([{ id: '1', secret }]) })
  expect([configured.keys, configured.signingKeys]).toEqual([[], [{ id: '1', secret }]])
})

test('a write key may have sinks, limits, a rate and token secrets of its own', () => {
  const site = {
    id: 'site',
    origins: ['https://www.example.com'],
    sinks: ['r2'],
    limits: { eventBytes: 8192 },
    rate: { limit: 50, period: 1 },
    tokenSecrets: ['a secret of 32 characters or more'],
  }
  expect(optionsOf({ ...BUCKET, WRITE_KEYS: JSON.stringify({ wk_1: site }) }).keys).toEqual([{ key: 'wk_1', ...site }])
})

test('development has a key of its own, and production has not', () => {
  expect(optionsOf({ ...BUCKET, ENVIRONMENT: 'development' }).keys).toEqual([
    { key: 'wk_dev', id: 'dev', origins: 'localhost' },
  ])
  expect(optionsOf({ ...BUCKET, WRITE_KEYS, ENVIRONMENT: 'production' }).keys).toHaveLength(1)
})

test('receipt keys are read from JSON, in their order', () => {
  const receiptKeys = ['202612', '202611'].map((id) => ({ id, secret: 'x'.repeat(32) }))
  expect(optionsOf({ ...BUCKET, WRITE_KEYS, RECEIPT_KEYS: JSON.stringify(receiptKeys) })).toMatchObject({ receiptKeys })
  expect(optionsOf({ ...BUCKET, WRITE_KEYS }).receiptKeys).toEqual([])
})

test('revoked keys, and what is told of a sender, are read from JSON', () => {
  const revoked = [{ id: 'shop', before: '2026-11-22T10:00:00Z' }]
  const enrich = { geo: 'city', ip: 'truncated' }
  const [REVOKED, ENRICH] = [JSON.stringify(revoked), JSON.stringify(enrich)]
  expect(optionsOf({ ...BUCKET, WRITE_KEYS, REVOKED, ENRICH })).toMatchObject({ revoked, enrich })
  expect(optionsOf({ ...BUCKET, WRITE_KEYS })).toMatchObject({ revoked: [], enrich: {} })
})

test('every destination that is set is used, and the client waits for each', () => {
  expect(names({ ...BUCKET, WRITE_KEYS })).toEqual(['r2'])
  expect(names({ WRITE_KEYS, WEBHOOK_URL: 'https://example.com' })).toEqual(['webhook'])
  expect(names({ ...BUCKET, WRITE_KEYS, WEBHOOK_URL: 'https://example.com' })).toEqual(['r2', 'webhook'])
  const { sinks } = optionsOf({ ...BUCKET, WRITE_KEYS, WEBHOOK_URL: 'https://example.com' })
  expect(sinks.every(({ required }) => required)).toBe(true)
})

test('another bucket under the same binding is another destination', () => {
  const generationOf = (EVENTS_BUCKET: string) => optionsOf({ EVENTS, EVENTS_BUCKET, WRITE_KEYS }).sinks[0]?.generation
  expect(generationOf('waybill-events')).not.toBe(generationOf('waybill-events-2'))
})

test('the Worker is told the name of the bucket that it is bound to', () => {
  const [, bound] = /"binding": "EVENTS", "bucket_name": "(.+?)"/.exec(wrangler) ?? []
  expect(bound).toBeDefined()
  expect(wrangler).toContain(`"EVENTS_BUCKET": "${bound}"`)
})

test('settings that are there but empty count as not set', () => {
  const empty = { WEBHOOK_URL: '', WEBHOOK_SECRET: '', WRITE_KEYS: '', RECEIPT_KEYS: '', REVOKED: '', ENRICH: '' }
  expect(names({ ...BUCKET, ...empty, ENVIRONMENT: 'development' })).toEqual(['r2'])
  const webhook = { WEBHOOK_URL: 'https://example.com', WEBHOOK_SECRET: '', WEBHOOK_FORMAT: '' }
  expect(names({ WRITE_KEYS, ...webhook })).toEqual(['webhook'])
})

test.each<[what: string, settings: Settings, message: string]>([
  [
    'a bucket without its name',
    { EVENTS, WRITE_KEYS },
    'EVENTS_BUCKET: set it to the bucket_name of EVENTS, among the vars of wrangler.jsonc.',
  ],
  ['no write keys', BUCKET, 'WRITE_KEYS: set it, to JSON as in {"wk_live_…"'],
  ['write keys that are not JSON', { ...BUCKET, WRITE_KEYS: 'wk_1' }, 'WRITE_KEYS: it is not JSON'],
  ['write keys that are a list', { ...BUCKET, WRITE_KEYS: '["wk_1"]' }, 'WRITE_KEYS: it is not an object'],
  ['a write key without site', { ...BUCKET, WRITE_KEYS: '{"wk_1":null}' }, "WRITE_KEYS: 'w…' needs an id"],
  [
    'a write key with one origin',
    { ...BUCKET, WRITE_KEYS: '{"wk_1":{"id":"a","origins":"https://a.example"}}' },
    'origins',
  ],
  ['a live write key for localhost', { ...BUCKET, WRITE_KEYS: '{"wk_1":{"id":"a","origins":"localhost"}}' }, 'origins'],
  [
    'a setting that there is not',
    { ...BUCKET, WRITE_KEYS: '{"wk_1":{"id":"a","origins":["https://a.example"],"sink":"r2"}}' },
    "WRITE_KEYS: of 'w…': there is no setting 'sink'",
  ],
  ['a signing key that is a text', { ...BUCKET, SIGNING_KEYS: 'hunter2' }, 'SIGNING_KEYS: write it as in [{"id": "1"'],
  ['signing keys by name', { ...BUCKET, SIGNING_KEYS: '{"a":"hunter2"}' }, 'SIGNING_KEYS: write it as in'],
  ['a signing key without secret', { ...BUCKET, SIGNING_KEYS: '[{"id":"a"}]' }, 'SIGNING_KEYS: write it as in'],
  [
    'a signing key that is short',
    { ...BUCKET, SIGNING_KEYS: '[{"id":"a","secret":"b"}]' },
    'use 32 characters or more',
  ],
  ['a receipt key that is a text', { ...BUCKET, WRITE_KEYS, RECEIPT_KEYS: 'hunter2' }, 'RECEIPT_KEYS: write it as in'],
  ['receipt keys by name', { ...BUCKET, WRITE_KEYS, RECEIPT_KEYS: '{"a":"hunter2"}' }, 'RECEIPT_KEYS: write it as in'],
  [
    'a receipt key without secret',
    { ...BUCKET, WRITE_KEYS, RECEIPT_KEYS: '[{"id":"a"}]' },
    'RECEIPT_KEYS: write it as in',
  ],
  [
    'a revocation that is no JSON',
    { ...BUCKET, WRITE_KEYS, REVOKED: 'shop' },
    'REVOKED: it is not JSON; write it as in [{"id": "shop"',
  ],
  ['a revocation that is no list', { ...BUCKET, WRITE_KEYS, REVOKED: '{"id":"shop"}' }, 'revoked: use a list'],
  ['an enrichment by name', { ...BUCKET, WRITE_KEYS, ENRICH: 'city' }, 'ENRICH: it is not JSON; write it as in {"geo"'],
  ['an enrichment of nothing', { ...BUCKET, WRITE_KEYS, ENRICH: 'null' }, 'enrich: use an object'],
  ['an enrichment that nobody knows', { ...BUCKET, WRITE_KEYS, ENRICH: '{"geo":"street"}' }, 'enrich: set geo to off'],
  ['no destination', { WRITE_KEYS }, 'bind an R2 bucket as EVENTS, or set WEBHOOK_URL'],
  ['a format nobody knows', { WRITE_KEYS, WEBHOOK_URL: 'https://a.example', WEBHOOK_FORMAT: 'csv' }, 'json or ndjson'],
  [
    'a second webhook secret that is too short',
    {
      WRITE_KEYS,
      WEBHOOK_URL: 'https://a.example',
      WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_c2VjcmV0',
    },
    'webhook secret: use 24 to 64 random bytes',
  ],
  ['a webhook in the clear', { WRITE_KEYS, WEBHOOK_URL: 'http://a.example' }, 'webhook url: use https'],
  [
    'an origin with a path',
    { ...BUCKET, WRITE_KEYS: '{"wk_1":{"id":"a","origins":["https://a.example/"]}}' },
    "use 'https://a.example'",
  ],
])('%s is refused with the setting and the mend', (_, settings, message) => {
  const create = () => collector.configure(settings)
  expect(create).toThrow(ConfigurationError)
  expect(create).toThrow(message)
})

test('a Worker that nobody has set up answers with 500, so that clients keep their events, and logs what to set', async () => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => {})
  const request = new Request('https://collector.example/v1/events?key=wk_1', { method: 'POST', body: '' })
  const response = await collector.fetch(request, BUCKET)
  expect(response.status).toBe(500)
  expect(await response.json()).toMatchObject({ code: 'internal_error' })
  const entry = JSON.parse(String(error.mock.lastCall?.[0]))
  expect(entry).toMatchObject({ status: 500, detail: expect.stringContaining('WRITE_KEYS: set it') })
})
