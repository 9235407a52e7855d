import { hmacSha256, type KeyClaims, limits, signKey, signText, toBase64url, toTokenSecret } from '@waybill/protocol'
import { describe, expect, test } from 'vitest'
import { batchOf, headerOf, lineOf, linesOf, NOW, STREAM } from '../test/batches.ts'
import { gzip } from '../test/gzip.ts'
import { collectorWith, ORIGIN, present, problemOf, recordedOf, writeKey } from '../test/present.ts'
import { recordingSink } from '../test/recording-sink.ts'
import { createTimers } from '../test/timers.ts'
import type { BatchLog, CollectorOptions } from './index.ts'

const signing = { id: '2026', secret: 'what write keys are signed with here' }
const signingKeys = [signing]
const seconds = NOW / 1000
const claims: KeyClaims = { kid: signing.id, iat: seconds - 86_400, id: 'shop', origins: [ORIGIN] }
const sign = (members: Partial<KeyClaims> = {}) => signKey({ ...claims, ...members }, signing.secret, hmacSha256)
const keyed = (key: string) => ({ query: { key } })

/** Presents a batch with a key of these members to a collector that has no list of keys. */
async function presentSigned(
  members: Partial<KeyClaims>,
  options: Partial<CollectorOptions> = {},
  body = batchOf(1, 2),
) {
  const { app } = collectorWith({ keys: [], signingKeys, ...options })
  return present(app, body, keyed(await sign(members)))
}

describe('a signed key', () => {
  test('lets its site write, without being on any list', async () => {
    const { app, sink } = collectorWith({ keys: [], signingKeys })
    await recordedOf(await present(app, batchOf(1, 2), keyed(await sign())))
    expect(sink.batches.get(`${STREAM}:1-2`)?.keyId).toBe('shop')
  })

  test('lets nobody else write: its origins are exact', async () => {
    const response = await presentSigned({ origins: ['https://shop.example'] })
    expect((await problemOf(response)).code).toBe('origin_not_allowed')
  })

  test('works beside plain keys', async () => {
    const { app } = collectorWith({ signingKeys })
    await recordedOf(await present(app, batchOf(1, 2)))
    await recordedOf(await present(app, batchOf(3, 4), keyed(await sign())))
  })

  test('that has expired is refused with a code of its own, and what to do', async () => {
    const problem = await problemOf(await presentSigned({ exp: seconds }))
    expect(problem).toMatchObject({ status: 401, code: 'expired_key' })
    expect(problem.detail).toBe(
      'It expired at 2026-11-22T10:00:01.000Z. Give the site a new one, made with `waybill key create`; what is buffered there is kept.',
    )
  })

  test('that was revoked is refused with a code of its own', async () => {
    const revoked = [{ id: 'shop', before: new Date(NOW).toISOString() }]
    expect(await problemOf(await presentSigned({}, { revoked }))).toMatchObject({ status: 401, code: 'revoked_key' })
  })

  test('that was tampered with is one that nobody knows, as is one that is too long for any', async () => {
    const { app } = collectorWith({ keys: [], signingKeys })
    for (const key of [`${await sign()}x`, `wk_${'x'.repeat(100_000)}`]) {
      expect(await problemOf(await present(app, batchOf(1, 2), keyed(key)))).toMatchObject({
        status: 401,
        code: 'unknown_key',
      })
    }
  })
})

describe("a key's sinks", () => {
  const sinksOf = () => [recordingSink({ name: 'r2' }), recordingSink({ name: 'webhook' })] as const

  test('are all that its batches go to', async () => {
    const [r2, webhook] = sinksOf()
    await recordedOf(await presentSigned({ sinks: ['webhook'] }, { sinks: [r2, webhook] }))
    expect([r2.batches.size, webhook.batches.size]).toEqual([0, 1])
  })

  test('may be named by a plain key as well', async () => {
    const [r2, webhook] = sinksOf()
    const { app } = collectorWith({ keys: [{ ...writeKey, sinks: ['r2'] }], sinks: [r2, webhook] })
    await recordedOf(await present(app, batchOf(1, 2)))
    expect([r2.batches.size, webhook.batches.size]).toEqual([1, 0])
  })

  test.each([
    ['are gone', ['webhook']],
    ['are not required', ['console', 'webhook']],
  ])('that %s: the batch is refused, and the browser keeps it', async (_, names) => {
    const sinks = [recordingSink(), recordingSink({ name: 'console', required: false })]
    const problem = await problemOf(await presentSigned({ sinks: names }, { sinks }))
    expect(problem).toMatchObject({ status: 403, code: 'no_sink', detail: expect.stringContaining(names.join(', ')) })
    expect(sinks.map(({ batches }) => batches.size)).toEqual([0, 0])
  })
})

describe("a key's limits", () => {
  test('hold for it, and not for others', async () => {
    const { app } = collectorWith({ signingKeys })
    const body = batchOf(1, 2, [lineOf(1), lineOf(2, { properties: { note: 'x'.repeat(1_000) } })])
    const key = await sign({ limits: { eventBytes: 600 } })
    const answer = await recordedOf(await present(app, body, keyed(key)))
    expect(answer.rejected).toMatchObject([{ seq: 2, code: 'event_too_large' }])
    // With a sink of its own: the recording sink keeps no fork.
    expect((await recordedOf(await present(collectorWith({ signingKeys }).app, body))).rejected).toEqual([])
  })

  test('cannot raise the collector’s', async () => {
    const lower = { limits: { batchEvents: 1 } }
    const problem = await problemOf(await presentSigned({ limits: { batchEvents: limits.batchEvents } }, lower))
    expect(problem).toMatchObject({ code: 'too_many_events', batchId: `${STREAM}:1-2` })
  })
})

describe("a key's rate", () => {
  const rate = { limit: 2, period: 10 }

  test('lets through what it allows; then 429 says when to come back, in the header and in the body', async () => {
    const { app, sink } = collectorWith({ keys: [{ ...writeKey, rate }] })
    for (const seq of [1, 2]) await recordedOf(await present(app, batchOf(seq, seq)))
    const response = await present(app, batchOf(3, 3))
    expect(response.headers.get('Retry-After')).toBe('5')
    expect(await problemOf(response)).toMatchObject({ status: 429, code: 'rate_limited', retryAfter: 5 })
    expect(sink.batches.size).toBe(2)
  })

  test('counts all keys of a site together, and no other site', async () => {
    const { app } = collectorWith({ keys: [], signingKeys })
    const [one, other, foreign] = await Promise.all([
      sign({ rate }),
      sign({ rate, iat: seconds - 1 }),
      sign({ rate, id: 'other' }),
    ])
    const statuses: number[] = []
    for (const key of [one, other, one, foreign]) statuses.push((await present(app, batchOf(1, 2), keyed(key))).status)
    expect(statuses).toEqual([200, 200, 429, 200])
  })

  test('is looked at before anything of the body', async () => {
    const { app } = collectorWith({ keys: [{ ...writeKey, rate: { limit: 1, period: 10 } }] })
    await present(app, batchOf(1, 2))
    let asked = 0
    const body = new ReadableStream<Uint8Array>(
      {
        pull() {
          asked += 1
        },
      },
      { highWaterMark: 0 },
    )
    expect((await present(app, body)).status).toBe(429)
    expect(asked).toBe(0)
  })

  test('is not spent by those who may not write', async () => {
    const { app } = collectorWith({ keys: [{ ...writeKey, rate: { limit: 1, period: 10 } }] })
    await present(app, batchOf(1, 2), { headers: { Origin: 'https://evil.example' } })
    await recordedOf(await present(app, batchOf(1, 2)))
  })

  test('gives way where it cannot be counted: the limiter spares the sinks, and is no lock', async () => {
    const rateLimiter = { count: () => Promise.reject(new Error('down')) }
    const logged: BatchLog[] = []
    const log = (entry: BatchLog) => void logged.push(entry)
    const { app } = collectorWith({ keys: [{ ...writeKey, rate }], rateLimiter, log })
    await recordedOf(await present(app, batchOf(1, 2)))
    expect(logged).toMatchObject([{ keyId: 'site', rateLimiter: 'Error: down' }, { batchId: expect.any(String) }])
  })

  test('gives way where counting does not end, within a quarter of a second', async () => {
    const timers = createTimers()
    const rateLimiter = { count: () => new Promise<never>(() => {}) }
    const logged: BatchLog[] = []
    const log = (entry: BatchLog) => void logged.push(entry)
    const { app } = collectorWith({ keys: [{ ...writeKey, rate }], rateLimiter, log }, { after: timers.after })
    const answered = present(app, batchOf(1, 2))
    await timers.fire(250)
    await recordedOf(await answered)
    expect(logged).toMatchObject([{ rateLimiter: 'TimeoutError: after 250 ms' }, { batchId: expect.any(String) }])
  })
})

describe('a token', () => {
  const secret = 'the secret of a backend, long enough'
  const encode = (value: unknown) => toBase64url(new TextEncoder().encode(JSON.stringify(value)))
  const mint = async (members: object = {}, by = secret) => {
    const signed = `${encode({ alg: 'HS256' })}.${encode({ aud: 'site', exp: seconds + 60, ...members })}`
    return `${signed}.${await signText(by, signed, hmacSha256)}`
  }
  const bodyWith = (token?: string) => `${headerOf(1, 2, { token })}\n${linesOf(1, 2).join('\n')}`
  const guarded = () =>
    collectorWith({ keys: [{ ...writeKey, tokenSecrets: ['another secret, long enough as well', secret] }] })

  test('in the header lets the batch in', async () => {
    const { app, sink } = guarded()
    await recordedOf(await present(app, bodyWith(await mint())))
    await recordedOf(await present(app, await gzip(bodyWith(await mint())), { query: { encoding: 'gzip' } }))
    expect(sink.events()).toHaveLength(2)
  })

  test.each<[code: string, token: () => Promise<string | undefined>]>([
    ['token_required', async () => undefined],
    ['token_invalid', () => mint({}, 'a secret of somebody else, long enough')],
    ['token_invalid', () => mint({ aud: 'other' })],
    ['token_expired', () => mint({ exp: seconds - 60 })],
  ])('%s: 401, and nothing is taken', async (code, token) => {
    const { app, sink } = guarded()
    const problem = await problemOf(await present(app, bodyWith(await token())))
    expect(problem).toMatchObject({ status: 401, code, batchId: `${STREAM}:1-2` })
    expect(sink.batches.size).toBe(0)
  })

  test('is looked at before the rate of its key: who has none uses nothing of it up', async () => {
    const key = { ...writeKey, tokenSecrets: [secret], rate: { limit: 2, period: 10 } }
    const { app } = collectorWith({ keys: [key] })
    const strangers = [bodyWith(), bodyWith(await mint({}, 'a secret of somebody else, long enough')), 'no header']
    for (const body of strangers) expect((await present(app, body)).status).not.toBe(429)
    const request = { path: '/v1/track', query: { writeKey: writeKey.key } }
    expect((await present(app, '{}', request)).status).toBe(401)
    await recordedOf(await present(app, bodyWith(await mint())))
    await recordedOf(await present(app, bodyWith(await mint())))
    const problem = await problemOf(await present(app, bodyWith(await mint())))
    expect(problem).toMatchObject({ code: 'rate_limited', batchId: `${STREAM}:1-2` })
    expect((await present(app, bodyWith())).status).toBe(401)
  })

  test('in the URL is none', async () => {
    const { app } = guarded()
    const response = await present(app, bodyWith(), { query: { token: await mint() } })
    expect((await problemOf(response)).code).toBe('token_required')
  })

  test('of a site with a signed key is signed with a secret that follows from the one of the keys', async () => {
    const { app } = collectorWith({ keys: [], signingKeys })
    const key = await sign({ token: 'required' })
    const own = await toTokenSecret('shop', signing.secret, hmacSha256)
    const others = await toTokenSecret('other', signing.secret, hmacSha256)
    await recordedOf(await present(app, bodyWith(await mint({ aud: 'shop' }, own)), keyed(key)))
    for (const [by, code] of [
      [others, 'token_invalid'],
      [signing.secret, 'token_invalid'],
    ] as const) {
      const response = await present(app, bodyWith(await mint({ aud: 'shop' }, by)), keyed(key))
      expect((await problemOf(response)).code).toBe(code)
    }
  })

  test('goes no further than the collector: no sink’s line holds it', async () => {
    const { app, sink } = guarded()
    const token = await mint()
    await recordedOf(await present(app, bodyWith(token)))
    expect(JSON.stringify(sink.events())).not.toContain(token)
  })
})

describe('what the collector adds of the sender', () => {
  const received = async (
    options: Partial<CollectorOptions>,
    { cf, headers = {}, remoteAddress }: { cf?: object; headers?: Record<string, string>; remoteAddress?: string },
  ) => {
    const { app, sink } = collectorWith(options)
    const request = new Request('https://collector.example/v1/events?key=wk_test', {
      method: 'POST',
      body: batchOf(1, 1),
      headers: { Origin: ORIGIN, 'Content-Type': 'text/plain', 'User-Agent': 'Test/1', ...headers },
    })
    if (cf) Object.defineProperty(request, 'cf', { value: cf })
    const env = remoteAddress ? { incoming: { socket: { remoteAddress } } } : {}
    await recordedOf(await app.request(request, undefined, env))
    const {
      at: _at,
      batchId: _id,
      sentAt: _sent,
      skewMs: _skew,
      ...rest
    } = Object(sink.events()[0]?.received) as Record<string, unknown>
    return rest
  }
  const cf = { country: 'DE', regionCode: 'BY', city: 'Munich' }
  const connecting = { 'CF-Connecting-IP': '203.0.113.77' }
  const all = { enrich: { geo: 'city', userAgent: true, ip: 'truncated' } } as const

  test('is the country unless more was asked for', async () => {
    expect(await received({}, { cf, headers: connecting, remoteAddress: '198.51.100.7' })).toEqual({
      geo: { country: 'DE' },
    })
  })

  test('on Workers', async () => {
    expect(await received(all, { cf, headers: connecting })).toEqual({
      geo: { country: 'DE', region: 'BY', city: 'Munich' },
      userAgent: 'Test/1',
      ip: '203.0.113.0',
    })
  })

  test('in Node: the address is that of the connection, whatever a header says', async () => {
    expect(await received(all, { headers: connecting, remoteAddress: '::ffff:198.51.100.7' })).toEqual({
      userAgent: 'Test/1',
      ip: '198.51.100.0',
    })
  })

  test('behind a proxy of one’s own: the last address of its header, which the sender cannot write', async () => {
    const headers = { 'X-Forwarded-For': '192.0.2.1, 203.0.113.77' }
    const enrich = { ip: 'truncated', ipHeader: 'X-Forwarded-For' } as const
    expect(await received({ enrich }, { headers, remoteAddress: '10.0.0.1' })).toEqual({ ip: '203.0.113.0' })
  })
})
