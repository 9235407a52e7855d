import { expect, test } from 'vitest'
import { writeKey } from '../test/present.ts'
import { recordingSink } from '../test/recording-sink.ts'
import {
  bindingRateLimiter,
  type CollectorOptions,
  ConfigurationError,
  createCollector,
  type WriteKey,
} from './index.ts'

const signing = { id: 'signing', secret: 'a secret of 32 characters or more' }
const secret = 'a secret of thirty-two characters'
const works: CollectorOptions = { keys: [writeKey], sinks: [recordingSink()] }

test('a configuration that works is taken', () => {
  expect(() => createCollector(works)).not.toThrow()
})

test('signing keys may stand in the place of write keys', () => {
  expect(() => createCollector({ ...works, keys: [], signingKeys: [signing] })).not.toThrow()
})

const server = (key: string): WriteKey => ({ key, id: 'backend', origins: 'server' })

test('no secret is shown in what is said of a configuration', () => {
  const secret = 'abcdefghij'
  const options = { ...works, signingKeys: [{ id: 'a', secret }] }
  const message = expect.not.stringContaining(secret)
  expect(() => createCollector(options)).toThrow(expect.objectContaining({ message }))
})

test.each<[what: string, keys: CollectorOptions['keys']]>([
  ['that is none', [{ ...writeKey, key: 'wk:live:SECRET' }]],
  ['that is there twice', [server('wk_live_SECRET'), server('wk_live_SECRET')]],
  ['whose terms are wrong', [{ ...server('wk_live_SECRET'), id: '' }]],
])('a key %s is not shown whole: a server’s is a secret', (_, keys) => {
  const message = expect.not.stringContaining('SECRET')
  expect(() => createCollector({ ...works, keys })).toThrow(expect.objectContaining({ message }))
})

test.each<[what: string, options: Partial<CollectorOptions>, message: string]>([
  ['no key', { keys: [] }, 'keys: add at least one write key.'],
  ['a key that is none', { keys: [{ ...writeKey, key: 'secret' }] }, "'wk_'"],
  ['the same key twice', { keys: [writeKey, writeKey] }, 'remove one'],
  [
    'an id that is no path segment',
    { keys: [{ ...writeKey, id: '../x' }] },
    "of 'wk_t…' (number 1): set id to 1 to 64",
  ],
  ['no origin', { keys: [{ ...writeKey, origins: [] }] }, 'add at least one origin'],
  [
    'an origin with a path',
    { keys: [{ ...writeKey, origins: ['https://a.example/x'] }] },
    "use 'https://a.example' for 'https://a.example/x'",
  ],
  ['a pattern', { keys: [{ ...writeKey, origins: ['*'] }] }, "'https://www.example.com'"],
  [
    'a sink that there is not',
    { keys: [{ ...writeKey, sinks: ['r2'] }] },
    "of 'wk_t…' (number 1): there is no sink 'r2'",
  ],
  [
    'a key whose sinks need not take anything',
    {
      keys: [{ ...writeKey, sinks: ['extra'] }],
      sinks: [recordingSink(), recordingSink({ name: 'extra', required: false })],
    },
    "of 'wk_t…' (number 1): name a sink that is required",
  ],
  ['a key above the limits', { keys: [{ ...writeKey, limits: { depth: 33 } }] }, 'depth can only be lowered'],
  ['a rate of nothing', { keys: [{ ...writeKey, rate: { limit: 0, period: 1 } }] }, 'set rate to { limit, period }'],
  [
    'a rate that its limiter cannot keep',
    {
      keys: [{ ...writeKey, rate: { limit: 1, period: 3600 } }],
      rateLimiter: bindingRateLimiter({ binding: { limit: async () => ({ success: true }) }, limit: 600, period: 60 }),
    },
    "of 'wk_t…' (number 1): the rate limiter forgets after 60 s; set rate to one request or more in 60 s.",
  ],
  ['a weak token secret', { keys: [{ ...writeKey, tokenSecrets: ['secret'] }] }, 'tokenSecrets: use 32 characters'],
  ['no token secret', { keys: [{ ...writeKey, tokenSecrets: [] }] }, 'add a secret to tokenSecrets'],
  ['a weak signing key', { signingKeys: [{ id: '1', secret: 'secret' }] }, "the secret of '1': use 32 characters"],
  [
    'two signing keys of one id',
    { signingKeys: [signing, signing] },
    "signingKeys: 'signing' is there twice; give one of them another id.",
  ],
  ['a revocation at no time', { revoked: [{ id: 'site', before: 'now' }] }, 'write it as 2026-11-22T10:00:00Z'],
  ['an address of a form nobody knows', { enrich: { ip: 'full' as 'off' } }, 'set ip to off, truncated, hashed'],
  ['addresses hashed without secret', { enrich: { ip: 'hashed' } }, 'enrich: ipSecret: use 32 characters or more'],
  ['no sink', { sinks: [] }, 'sinks: add at least one that is required'],
  ['no required sink', { sinks: [recordingSink({ required: false })] }, 'sinks: add at least one that is required'],
  ['two sinks of one name', { sinks: [recordingSink(), recordingSink()] }, 'give one of them another name'],
  [
    'a required sink that promises nothing',
    { sinks: [{ ...recordingSink(), guarantee: 'best-effort' }] },
    'set its required to false',
  ],
  ["a dead-letter sink of a sink's name", { deadLetter: recordingSink() }, 'deadLetter: a sink is called'],
  [
    'a dead-letter sink that promises nothing',
    { deadLetter: { ...recordingSink({ name: 'dead' }), guarantee: 'best-effort' } },
    "deadLetter: 'dead' only promises best effort",
  ],
  ['a dead-letter sink without a name', { deadLetter: recordingSink({ name: '' }) }, 'deadLetter: a name is'],
  ['a path that is a pattern', { path: '/:anything' }, "path: use plain segments as in '/v1/events'"],
  ['the path of /health', { path: '/health' }, 'path:'],
  ['the path of /ready', { path: '/ready' }, 'path:'],
  ['a path of Segment’s API', { path: '/v1/batch' }, 'use another one, or set segmentApi to false'],
  ['no time for sinks', { sinkDeadline: 0 }, 'sinkDeadline:'],
  ['half a millisecond for sinks', { sinks: [{ ...recordingSink(), deadline: 0.5 }] }, "give 'recording' a deadline"],
  [
    'a deadline that no timer can hold',
    { sinkDeadline: 3e9 },
    'sinkDeadline: use whole milliseconds from 1 to 3600000',
  ],
  [
    'a deadline of a sink that no timer can hold',
    { sinks: [{ ...recordingSink(), deadline: 3e9 }] },
    "give 'recording'",
  ],
  [
    'a budget that no timer can hold',
    { waitingBudget: 3e9 },
    'waitingBudget: use whole milliseconds from 0 to 3600000',
  ],
  ['a budget of less than nothing', { waitingBudget: -1 }, 'waitingBudget: use whole milliseconds from 0'],
  ['a receipt key that cannot be named', { receiptKeys: [{ id: 'a.b', secret }] }, 'receiptKeys: an id is 1 to 16'],
  [
    'two receipt keys of one name',
    {
      receiptKeys: [
        { id: 'a', secret },
        { id: 'a', secret },
      ],
    },
    "receiptKeys: two are called 'a'",
  ],
  ['a receipt key to be guessed', { receiptKeys: [{ id: 'a', secret: 'hunter2' }] }, 'of chance or more; it has 7.'],
  ['a higher limit', { limits: { depth: 33 } }, 'limits: depth can only be lowered'],
  [
    'a header limit that a token and a receipt can exceed',
    { limits: { headerBytes: 4095 } },
    'limits: set headerBytes to 4096 or more',
  ],
  [
    'a batch limit that one event can exceed',
    { limits: { batchBytes: 40_960 } },
    'limits: set batchBytes to 53249 or more, for one event of any sender and its header; it is 40960.',
  ],
  [
    'a body limit that one event can exceed',
    { limits: { headerBytes: 4096, bodyBytes: 33_792 } },
    'limits: set bodyBytes to 49153 or more',
  ],
  [
    'a batch limit that is as low as that of an event, which senders do not know',
    { limits: { eventBytes: 2048, headerBytes: 4096, batchBytes: 8192 } },
    'limits: set batchBytes to 49153 or more',
  ],
  ['a limit of nothing', { limits: { eventBytes: 0 } }, 'limits: eventBytes'],
])('%s is refused at construction, with the setting and the mend', (_, options, message) => {
  expect(() => createCollector({ ...works, ...options })).toThrow(ConfigurationError)
  expect(() => createCollector({ ...works, ...options })).toThrow(message)
})

test.each<[what: string, options: object, message: string]>([
  ['a key with a setting that there is not', { keys: [{ ...writeKey, rates: {} }] }, "there is no setting 'rates'"],
  [
    'a key that is no object',
    { keys: [writeKey, null] },
    'keys: use a list, each of the form { key, id, origins }; number 2',
  ],
  ['keys that are no list', { keys: null }, 'keys: use a list'],
  [
    'token secrets that are no list',
    { keys: [{ ...writeKey, tokenSecrets: 5 }] },
    'set tokenSecrets to a list of texts',
  ],
  ['a token secret that is no text', { keys: [{ ...writeKey, tokenSecrets: [null] }] }, 'tokenSecrets: use 32'],
  ['signing keys that are no list', { signingKeys: {} }, 'signingKeys: use a list, each of the form { id, secret }'],
  ['a signing key without id', { signingKeys: [{ secret }] }, 'signingKeys: an id is 1 to 64'],
  ['a receipt key without id', { receiptKeys: [{ secret }] }, 'receiptKeys: an id is 1 to 16'],
  ['a signing key without secret', { signingKeys: [{ id: 'a' }] }, "signingKeys: the secret of 'a': use 32"],
  [
    'a revocation that is no object',
    { revoked: ['a'] },
    'revoked: use a list, each of the form { id, before }; number 1',
  ],
  [
    'a revocation without site',
    { revoked: [{ before: '2026-11-22T10:00:00Z' }] },
    "revoked: an id is that of a site, 1 to 64 of a-z, 0-9, _ and -; one is 'undefined'",
  ],
  ['a revocation at a number', { revoked: [{ id: 'site', before: 5 }] }, 'write it as 2026-11-22T10:00:00Z'],
  [
    'a signing key with more than there is',
    { signingKeys: [signing, { id: 'b', secret, expires: '2027-01-01' }] },
    "signingKeys, number 2: there is no setting 'expires'; remove it, or use one of id, secret.",
  ],
  [
    'a revocation with more than there is',
    { revoked: [{ id: 'site', before: '2026-11-22T10:00:00Z', origin: 'https://a.example' }] },
    "revoked, number 1: there is no setting 'origin'; remove it, or use one of id, before.",
  ],
  [
    'a receipt key with more than there is',
    { receiptKeys: [{ id: 'a', secret, until: '2027-01-01' }] },
    "receiptKeys, number 1: there is no setting 'until'; remove it, or use one of id, secret.",
  ],
  ['receipt keys that are a text', { receiptKeys: 'abc' }, 'receiptKeys: use a list'],
  ['receipt keys that are null', { receiptKeys: null }, 'receiptKeys: use a list'],
  ['a receipt key without secret', { receiptKeys: [{ id: 'a' }] }, "receiptKeys: make the secret of 'a' 32 characters"],
  ['limits that are null', { limits: null }, 'limits: use an object with some of eventBytes'],
  ['a limit that there is not', { limits: { events: 1 } }, "limits: there is no setting 'events'"],
  ['enrich that is null', { enrich: null }, 'enrich: use an object with some of geo'],
  ['an enrichment that there is not', { enrich: { IP: 'hashed' } }, "enrich: there is no setting 'IP'; remove it"],
  ['an enrichment of another kind', { enrich: { userAgent: 'no' } }, 'enrich: userAgent: use true or false'],
  ['a sink that is none', { sinks: [undefined] }, 'sinks: use a list'],
  [
    'a sink that delivers nothing',
    { sinks: [{ ...recordingSink(), deliver: undefined }] },
    "sinks: 'recording': use an object with deliver, such as",
  ],
  [
    'a sink that may be any destination',
    { sinks: [{ ...recordingSink(), generation: undefined }] },
    "sinks: give 'recording' a generation, a text of up to 256 characters that says which destination it is.",
  ],
  [
    'a generation that no receipt has room for',
    { sinks: [{ ...recordingSink(), generation: 'x'.repeat(257) }] },
    "sinks: give 'recording' a generation, a text of up to 256 characters",
  ],
  [
    'a guarantee that is none',
    { sinks: [{ ...recordingSink(), guarantee: 'Durable' }] },
    "sinks: set the guarantee of 'recording' to durable, accepted, best-effort; it is 'Durable'.",
  ],
  [
    'a sink that says yes or no in a text',
    { sinks: [{ ...recordingSink(), required: 'false' }] },
    "sinks: required of 'recording': use true or false",
  ],
  [
    'a sink that says nothing of repeats',
    { sinks: [{ ...recordingSink(), idempotency: { key: 'the batch id' } }] },
    "sinks: set the idempotency of 'recording' to { key, window }, a text each.",
  ],
  [
    'a sink whose readiness is no function',
    { sinks: [{ ...recordingSink(), ready: true }] },
    "sinks: ready of 'recording': use a function, or leave it out.",
  ],
  [
    'a dead-letter sink that delivers nothing',
    { deadLetter: { ...recordingSink({ name: 'dead' }), deliver: undefined } },
    "deadLetter: 'dead': use an object with deliver",
  ],
  ['a dead-letter sink that is a name', { deadLetter: 'r2' }, 'deadLetter: a name is'],
  [
    'a setting that there is not',
    { sinkDeadlin: 5_000 },
    "createCollector: there is no setting 'sinkDeadlin'; remove it, or correct its name.",
  ],
  [
    'a rate limiter that counts nothing',
    { rateLimiter: { limit: 1, period: 1 } },
    'rateLimiter: use an object with count',
  ],
  ['a rate limiter that is null', { rateLimiter: null }, 'rateLimiter: use an object with count, such as'],
  ['a signature cache that is a map', { signatureCache: new Map() }, 'signatureCache: use an object with read, write'],
  ['a log that is no function', { log: console }, 'log: use a function, or leave it out.'],
  ['a clock that is a time', { now: 0 }, 'now: use a function'],
  ['a text for a yes or no', { segmentApi: 'false' }, 'segmentApi: use true or false'],
])('%s is refused like any setting that cannot work', (_, options, message) => {
  expect(() => createCollector({ ...works, ...options })).toThrow(ConfigurationError)
  expect(() => createCollector({ ...works, ...options })).toThrow(message)
})
