import { afterEach, expect, test, vi } from 'vitest'
import { batchOf } from '../test/batches.ts'
import { KEY, ORIGIN, problemOf, recordedOf, writeKey } from '../test/present.ts'
import { recordingSink } from '../test/recording-sink.ts'
import {
  type CollectorConfiguration,
  type CollectorDefinition,
  ConfigurationError,
  clickhouseSink,
  defineCollector,
  type Sink,
  s3Sink,
  segmentSink,
  webhookSink,
} from './index.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const present = async <Env>(definition: CollectorDefinition<Env>, env: Env): Promise<Response> => {
  const request = new Request(`https://collector.example/v1/events?key=${KEY}`, {
    method: 'POST',
    body: batchOf(1, 2),
    headers: { Origin: ORIGIN, 'Content-Type': 'text/plain' },
  })
  return definition.fetch(request, env)
}

const silence = (method: 'log' | 'error') => vi.spyOn(console, method).mockImplementation(() => {})

test('the collector is made of what the environment holds, once, when the first request comes', async () => {
  const log = silence('log')
  const sink = recordingSink()
  const toConfiguration = vi.fn((env: { keys: CollectorConfiguration['keys'] }) => ({ keys: env.keys, sinks: [sink] }))
  const definition = defineCollector(toConfiguration)
  expect(toConfiguration).not.toHaveBeenCalled()
  await recordedOf(await present(definition, { keys: [writeKey] }))
  await recordedOf(await present(definition, { keys: [writeKey] }))
  expect(toConfiguration).toHaveBeenCalledTimes(1)
  expect(sink.batches.size).toBe(1)
  expect(JSON.parse(String(log.mock.lastCall?.[0]))).toMatchObject({ status: 200, keyId: 'site' })
})

test('sinks that are not set are left out', () => {
  const bucket: Sink | undefined = undefined
  const { options } = defineCollector(() => ({
    keys: [writeKey],
    sinks: [bucket, '', false, recordingSink()],
  })).configure({})
  expect(options.sinks.map(({ name }) => name)).toEqual(['recording'])
})

test('in development there is a key for this machine, and the log is for people', async () => {
  const log = silence('log')
  const definition = defineCollector(() => ({ keys: [writeKey], sinks: [recordingSink()], development: true }))
  expect(definition.configure({}).options.keys.map(({ key }) => key)).toEqual([KEY, 'wk_dev'])
  await present(definition, {})
  expect(log.mock.lastCall?.[0]).toMatch(/2 events {2}.*recording ✓ {2}200/)
})

test('a log of one’s own takes the place of both', async () => {
  const printed = silence('log')
  const log = vi.fn()
  await present(
    defineCollector(() => ({ keys: [writeKey], sinks: [recordingSink()], development: true, log })),
    {},
  )
  expect(log).toHaveBeenCalledTimes(1)
  expect(printed).not.toHaveBeenCalled()
})

const works = { keys: [writeKey], sinks: [recordingSink()] }

test.each<[what: string, toConfiguration: unknown, message: string]>([
  ['no function', works, 'hand it a function, (env) => ({ keys, sinks }).'],
  ['a promise', async () => works, 'no promise of it'],
  ['nothing', () => {}, 'return { keys, sinks }'],
  ['no keys', () => ({ sinks: works.sinks }), 'keys: it must be a list.'],
  ['one sink that is no list', () => ({ ...works, sinks: recordingSink() }), 'sinks: it must be a list.'],
  ['sinks of which none is set', () => ({ ...works, sinks: [undefined] }), 'sinks: add at least one'],
  [
    'a word that means nothing',
    () => ({ ...works, sink: 1 }),
    'sink: there is no such setting; remove it, or use one of',
  ],
  ['a setting that cannot work', () => ({ ...works, sinkDeadline: 0 }), 'sinkDeadline:'],
  [
    'a mistake',
    (env: { A?: string }) => ({ ...works, path: env.A?.[0]?.at(0)?.concat() ?? JSON.parse('') }),
    'threw Syntax',
  ],
  [
    'an error of the file’s own',
    () => {
      throw new ConfigurationError('TOKEN: set it.')
    },
    'TOKEN: set it.',
  ],
])('%s is answered with 500, and the log names the setting and the mend', async (_, toConfiguration, message) => {
  const error = silence('error')
  const definition = defineCollector(toConfiguration as () => CollectorConfiguration)
  expect(() => definition.configure({})).toThrow(ConfigurationError)
  expect(() => definition.configure({})).toThrow(message)
  const problem = await problemOf(await present(definition, {}))
  expect(problem).toMatchObject({ status: 500, code: 'internal_error' })
  expect(JSON.parse(String(error.mock.lastCall?.[0])).detail).toContain(message)
})

test('a setting that cannot be read is not quoted, but where it was read is told', async () => {
  const error = silence('error')
  const definition = defineCollector((env: { KEYS: string }) => ({ ...works, keys: JSON.parse(env.KEYS) }))
  const message = /^The configuration threw SyntaxError: .* \(define-collector\.test\.ts:\d+:\d+\)$/
  const env = { KEYS: 'hunter2' }
  expect(() => definition.configure(env)).toThrow(message)
  await present(definition, env)
  const { detail } = JSON.parse(String(error.mock.lastCall?.[0]))
  expect(detail).toMatch(/SyntaxError: .*\(define-collector\.test\.ts:\d+:\d+\)/)
  expect(detail).not.toContain('hunter2')
})

test('what is shown of a configuration holds no secret', () => {
  const url = 'https://hooks.example/T0/very-secret'
  const hook = webhookSink({
    url,
    secret: 'top-secret, and of more than 24 bytes',
    headers: { Authorization: 'Bearer hidden' },
    required: false,
  })
  const secret = 'top-secret, and of more than 32 characters'
  const terms = { sinks: ['recording'], rate: { limit: 50, period: 1 }, tokenSecrets: [secret] }
  const keys = [{ ...writeKey, ...terms, key: 'wk_live_1234567890' }]
  const { describe } = defineCollector(() => ({
    keys,
    signingKeys: [{ id: '2026', secret }],
    receiptKeys: [{ id: 'r1', secret }],
    enrich: { ip: 'hashed', ipSecret: secret },
    sinks: [recordingSink(), hook],
    limits: { depth: 8 },
  })).configure({})
  const lines = describe().map(({ name, value }) => `${name}: ${value}`)
  expect(lines.slice(0, 12)).toEqual([
    'path: /v1/events',
    `keys: site: wk_live_… from ${ORIGIN}, to recording, 50 requests in 1 s, with a token`,
    'signingKeys: 2026: masked',
    'enrich: geo country',
    'enrich: userAgent false',
    'enrich: ip hashed',
    'sinks: recording: durable, required, to 1; tells a repeat by the batch id, as long as the sink lives',
    "sinks: webhook: accepted, best-effort, to https://hooks.example; tells a repeat by `webhook-id`: batch id and digest, the receiver's",
    'segmentApi: served',
    'sinkDeadline: 10000 ms',
    'waitingBudget: 3000 ms',
    'receiptKeys: r1: masked, signs',
  ])
  expect(lines).toContain('limits: depth 8')
  expect(lines.join()).not.toMatch(/secret|hidden|1234567890/)
})

const url = 'https://sink.example'
test.each<[what: string, withSecret: (secret: string) => Sink]>([
  ["a webhook's header", (secret) => webhookSink({ url, headers: { Authorization: secret } })],
  ["a webhook's path", (secret) => webhookSink({ url: `${url}/${secret}` })],
  ["a webhook's query", (secret) => webhookSink({ url: `${url}/?key=${secret}` })],
  ["a webhook's signature", (secret) => webhookSink({ url, secret: secret.repeat(4) })],
  ['a write key of Segment', (writeKey) => segmentSink({ url, writeKey })],
  ['a password of ClickHouse', (password) => clickhouseSink({ url, user: 'waybill', password })],
  [
    'the path of ClickHouse, however long',
    (secret) => clickhouseSink({ url: `${url}/${secret.repeat(300)}`, user: 'waybill', password: '' }),
  ],
  [
    'the path of a bucket, however long',
    (secret) =>
      s3Sink({ url: `${url}/${secret.repeat(300)}`, region: 'auto', accessKeyId: 'a', secretAccessKey: secret }),
  ],
])('nothing that is shown derives from %s, so that no guess can be tried on it', (_, withSecret) => {
  const [one, other] = ['hunter1', 'hunter2'].map((secret) =>
    defineCollector(() => ({ keys: [writeKey], sinks: [withSecret(secret)] }))
      .configure({})
      .describe(),
  )
  expect(one).toEqual(other)
})

test('a check sends one marked event to each sink and to the dead-letter sink, and says what became of it', async () => {
  const sink = recordingSink()
  const away = recordingSink({
    name: 'away',
    required: false,
    before: async () => ({ kind: 'transient', detail: 'no route to https://db.example/?password=1' }),
  })
  const refusing = recordingSink({
    name: 'refusing',
    before: async ({ lines }) =>
      new TextDecoder().decode(lines[0]).includes('"track"') ? { kind: 'refused', seqs: [1] } : undefined,
  })
  const deadLetter = recordingSink({ name: 'dead-letters' })
  const sinks = [sink, away, refusing]
  const { check } = defineCollector(() => ({ keys: [writeKey], sinks, deadLetter })).configure({})
  expect(await check()).toEqual([
    { name: 'recording', required: true, outcome: 'taken', ms: expect.any(Number) },
    { name: 'refusing', required: true, outcome: 'refused', ms: expect.any(Number), detail: expect.any(String) },
    { name: 'dead-letters', required: false, deadLetter: true, outcome: 'taken', ms: expect.any(Number) },
    {
      name: 'away',
      required: false,
      outcome: 'failed',
      ms: expect.any(Number),
      detail: 'no route to https://db.example',
    },
  ])
  const [event] = sink.events()
  expect(event).toMatchObject({ seq: 1, type: 'track', event: 'Waybill Check', anonymousId: 'waybill-check' })
  const [batch] = [...sink.batches.values()]
  expect(batch).toMatchObject({ keyId: 'waybill-check', batchId: `${event?.streamId}:1-1` })
  // Checked again, it is another stream: no sink takes it for a repeat.
  await check()
  expect(sink.batches.size).toBe(2)
})
