import { ConfigurationError } from '@waybill/collector'
import { expect, test, vi } from 'vitest'
import collector, { type Settings } from './collector.config.ts'

const EVENTS: Settings['EVENTS'] = { head: async () => null, put: async () => ({}) }
const WRITE_KEYS = '{"wk_live_1":{"id":"site","origins":["https://www.example.com"]}}'
const optionsOf = (settings: Settings) => collector.configure(settings).options
const names = (settings: Settings) => optionsOf(settings).sinks.map(({ name }) => name)

test('write keys are read from JSON', () => {
  expect(optionsOf({ EVENTS, WRITE_KEYS }).keys).toEqual([
    { key: 'wk_live_1', id: 'site', origins: ['https://www.example.com'] },
  ])
})

test('a write key may be one of servers, which send no origin', () => {
  const servers = '{"wk_server_1":{"id":"site","origins":"server"}}'
  expect(optionsOf({ EVENTS, WRITE_KEYS: servers }).keys).toEqual([
    { key: 'wk_server_1', id: 'site', origins: 'server' },
  ])
})

test('development has a key of its own, and production has not', () => {
  expect(optionsOf({ EVENTS, ENVIRONMENT: 'development' }).keys).toEqual([
    { key: 'wk_dev', id: 'dev', origins: 'localhost' },
  ])
  expect(optionsOf({ EVENTS, WRITE_KEYS, ENVIRONMENT: 'production' }).keys).toHaveLength(1)
})

test('every destination that is set is used, and the client waits for each', () => {
  expect(names({ EVENTS, WRITE_KEYS })).toEqual(['r2'])
  expect(names({ WRITE_KEYS, WEBHOOK_URL: 'https://example.com' })).toEqual(['webhook'])
  expect(names({ EVENTS, WRITE_KEYS, WEBHOOK_URL: 'https://example.com' })).toEqual(['r2', 'webhook'])
  const { sinks } = optionsOf({ EVENTS, WRITE_KEYS, WEBHOOK_URL: 'https://example.com' })
  expect(sinks.every(({ required }) => required)).toBe(true)
})

test('settings that are there but empty count as not set', () => {
  const empty = { WEBHOOK_URL: '', WEBHOOK_SECRET: '', WRITE_KEYS: '' }
  expect(names({ EVENTS, ...empty, ENVIRONMENT: 'development' })).toEqual(['r2'])
  const webhook = { WEBHOOK_URL: 'https://example.com', WEBHOOK_SECRET: '', WEBHOOK_FORMAT: '' }
  expect(names({ WRITE_KEYS, ...webhook })).toEqual(['webhook'])
})

test.each<[what: string, settings: Settings, message: string]>([
  ['no write keys', { EVENTS }, 'WRITE_KEYS: set it, to JSON as in {"wk_live_…"'],
  ['write keys that are not JSON', { EVENTS, WRITE_KEYS: 'wk_1' }, 'WRITE_KEYS: it is not JSON'],
  ['write keys that are a list', { EVENTS, WRITE_KEYS: '["wk_1"]' }, 'WRITE_KEYS: it is not an object'],
  ['a write key without site', { EVENTS, WRITE_KEYS: '{"wk_1":null}' }, "WRITE_KEYS: 'wk_1' needs an id"],
  [
    'a write key with one origin',
    { EVENTS, WRITE_KEYS: '{"wk_1":{"id":"a","origins":"https://a.example"}}' },
    'origins',
  ],
  ['a live write key for localhost', { EVENTS, WRITE_KEYS: '{"wk_1":{"id":"a","origins":"localhost"}}' }, 'origins'],
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
    { EVENTS, WRITE_KEYS: '{"wk_1":{"id":"a","origins":["https://a.example/"]}}' },
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
  const response = await collector.fetch(request, { EVENTS })
  expect(response.status).toBe(500)
  expect(await response.json()).toMatchObject({ code: 'internal_error' })
  const entry = JSON.parse(String(error.mock.lastCall?.[0]))
  expect(entry).toMatchObject({ status: 500, detail: expect.stringContaining('WRITE_KEYS: set it') })
})
