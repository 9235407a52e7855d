import { describe, expect, test } from 'vitest'
import { deliverable, linesOf, NOW } from '../../test/batches.ts'
import { ConfigurationError } from '../core/configuration-error.ts'
import { type WebhookSinkOptions, webhookSink } from './webhook-sink.ts'

const url = 'https://example.com/hook'
const { signal } = new AbortController()

/** A receiver that answers as it is told to, and keeps the requests. */
function receiver(answer: () => Response | Promise<Response> = () => new Response('thanks')) {
  const requests: { init: RequestInit; headers: Headers; body: string }[] = []
  const fetch: WebhookSinkOptions['fetch'] = async (_, init) => {
    requests.push({ init, headers: new Headers(init.headers), body: await new Response(init.body ?? null).text() })
    return answer()
  }
  return { requests, fetch }
}

test('a batch goes out as one JSON array of the lines, their bytes untouched', async () => {
  const { requests, fetch } = receiver()
  await webhookSink({ url, fetch }).deliver(await deliverable(1, 2), signal)
  expect(requests[0]?.body).toBe(`[${linesOf(1, 2).join(',')}]`)
  expect(requests[0]?.headers.get('content-type')).toBe('application/json')
})

test('a batch goes out as NDJSON when asked to', async () => {
  const { requests, fetch } = receiver()
  await webhookSink({ url, format: 'ndjson', fetch }).deliver(await deliverable(1, 2), signal)
  expect(requests[0]?.body).toBe(`${linesOf(1, 2).join('\n')}\n`)
  expect(requests[0]?.headers.get('content-type')).toBe('application/x-ndjson')
})

/** A second implementation of the receiving end, with the platform's own verification. */
async function verify(headers: Headers, body: string, secret: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const [version, signature] = (headers.get('webhook-signature')?.split(' ').at(-1) ?? '').split(',')
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
  const bytes = Uint8Array.from(atob(signature ?? ''), (character) => character.charCodeAt(0))
  const signed = `${headers.get('webhook-id')}.${headers.get('webhook-timestamp')}.${body}`
  return version === 'v1' && (await crypto.subtle.verify('HMAC', key, bytes, new TextEncoder().encode(signed)))
}

describe('a signed batch', () => {
  test('can be verified with the decoded secret, and carries batch id, digest and the time in seconds', async () => {
    const { requests, fetch } = receiver()
    const batch = await deliverable(1, 2)
    const secret = crypto.getRandomValues(new Uint8Array(24))
    const sink = webhookSink({ url, secret: `whsec_${btoa(String.fromCharCode(...secret))}`, fetch, now: () => NOW })
    await sink.deliver(batch, signal)
    const [request] = requests
    expect(request?.headers.get('webhook-id')).toBe(`${batch.batchId}~${batch.digest.slice(0, 16)}`)
    expect(request?.headers.get('webhook-timestamp')).toBe(String(NOW / 1000))
    expect(request && (await verify(request.headers, request.body, secret))).toBe(true)
    expect(request && (await verify(request.headers, `${request.body} `, secret))).toBe(false)
  })

  test('can be verified with the old secret as long as it is in the list', async () => {
    const { requests, fetch } = receiver()
    const secret = ['a new secret, of 24 bytes or more', 'an old secret, of 24 bytes or more']
    await webhookSink({ url, secret, fetch }).deliver(await deliverable(1, 1), signal)
    const [request] = requests
    expect(request?.headers.get('webhook-signature')?.split(' ')).toHaveLength(2)
    const old = new TextEncoder().encode(secret[1])
    expect(request && (await verify(request.headers, request.body, old))).toBe(true)
  })

  test('takes any other text as the secret itself', async () => {
    const text = 'grüezi mitenand, grüezi mitenand'
    const { requests, fetch } = receiver()
    await webhookSink({ url, secret: text, fetch }).deliver(await deliverable(1, 1), signal)
    const [request] = requests
    expect(request && (await verify(request.headers, request.body, new TextEncoder().encode(text)))).toBe(true)
  })
})

test('without a secret nothing is signed', async () => {
  const { requests, fetch } = receiver()
  await webhookSink({ url, fetch }).deliver(await deliverable(1, 1), signal)
  expect(requests[0]?.headers.has('webhook-signature')).toBe(false)
})

test('headers of the configuration go along, but cannot stand for the id', async () => {
  const { requests, fetch } = receiver()
  const batch = await deliverable(1, 1)
  const headers = { Authorization: 'Bearer x', 'Webhook-Id': 'mine' }
  await webhookSink({ url, headers, fetch }).deliver(batch, signal)
  expect(requests[0]?.headers.get('authorization')).toBe('Bearer x')
  expect(requests[0]?.headers.get('webhook-id')).toContain(batch.batchId)
})

test.each(['Bearer x\n', 'Bearer x\r\n', ' \t\r\nBearer x\t '])(
  'a header %j goes without its outer whitespace',
  async (value) => {
    const { requests, fetch } = receiver()
    const sink = webhookSink({ url, headers: { Authorization: value }, fetch })
    expect(await sink.deliver(await deliverable(1, 1), signal)).toEqual({ ok: true, value: undefined })
    expect(requests[0]?.headers.get('authorization')).toBe('Bearer x')
    expect(sink.generation).toBe(generationWith({ Authorization: 'Bearer x' }))
  },
)

test('a header may be empty, or be whitespace alone', () => {
  expect(generationWith({ 'X-A': ' \n' })).toBe(generationWith({ 'X-A': '' }))
})

const generationWith = (headers: Record<string, string>) => webhookSink({ url, headers }).generation

test.each([
  [{ a: 'b c,d' }, { a: 'b', c: 'd' }],
  [{ a: 'b","c","d' }, { a: 'b', c: 'd' }],
  [{ a: 'b' }, { a: 'c' }],
  [{ a: 'b' }, {}],
])('headers %j say of another destination than %j', (one, other) => {
  expect(generationWith(one)).not.toBe(generationWith(other))
})

test('the order of the headers and the case of their names say nothing of the destination', () => {
  expect(generationWith({ C: 'd', A: 'b' })).toBe(generationWith({ a: 'b', c: 'd' }))
})

test('the trace of the batch goes along', async () => {
  const { requests, fetch } = receiver()
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const trace = { traceId: traceparent.slice(3, 35), traceparent, tracestate: 'rojo=1' }
  await webhookSink({ url, fetch }).deliver({ ...(await deliverable(1, 1)), trace }, signal)
  expect(requests[0]?.headers.get('traceparent')).toBe(traceparent)
  expect(requests[0]?.headers.get('tracestate')).toBe('rojo=1')
})

test.each([301, 302, 400, 404, 410, 500])('a %i leaves the batch with the client', async (status) => {
  const { requests, fetch } = receiver(
    () => new Response('no', { status, headers: { Location: 'https://elsewhere.com' } }),
  )
  expect(await webhookSink({ url, fetch }).deliver(await deliverable(1, 1), signal)).toEqual({
    ok: false,
    fault: { kind: 'transient', detail: `answered ${status}` },
  })
  expect(requests).toHaveLength(1)
  expect(requests[0]?.init.redirect).toBe('manual')
})

test.each([
  ['120', 120],
  [new Date(NOW + 30_000).toUTCString(), 30],
  ['soon', undefined],
])('a destination that asks for patience with Retry-After: %s is given it', async (header, retryAfter) => {
  const { fetch } = receiver(() => new Response('later', { status: 429, headers: { 'Retry-After': header } }))
  const delivery = await webhookSink({ url, fetch, now: () => NOW }).deliver(await deliverable(1, 1), signal)
  const fault = { kind: 'transient', detail: 'answered 429', ...(retryAfter === undefined ? {} : { retryAfter }) }
  expect(delivery).toEqual({ ok: false, fault })
})

test('a receiver that answers 422 refuses the events that it names', async () => {
  const { fetch } = receiver(() => new Response('{"refused":[2,3]}', { status: 422 }))
  const delivery = await webhookSink({ url, fetch }).deliver(await deliverable(1, 3), signal)
  expect(delivery).toEqual({ ok: false, fault: { kind: 'refused', seqs: [2, 3] } })
})

test('what a receiver says of its refusal goes on, up to a length', async () => {
  const { fetch } = receiver(() => Response.json({ refused: [2], detail: 'x'.repeat(300) }, { status: 422 }))
  const delivery = await webhookSink({ url, fetch }).deliver(await deliverable(1, 3), signal)
  expect(delivery).toEqual({ ok: false, fault: { kind: 'refused', seqs: [2], detail: 'x'.repeat(256) } })
})

test.each([
  ['422', 422, 'no'],
  ['422 that names nothing', 422, '{"refused":[]}'],
  ['422 that names no seqs', 422, '{"refused":["2"]}'],
  ['422 without a body', 422, null],
  ['422 without end', 422, `{"refused":[1${',1'.repeat(10_000)}]}`],
  ['400', 400, '{"refused":[2]}'],
])('a %s leaves the batch with the client', async (_, status, body) => {
  const { fetch } = receiver(() => new Response(body, { status }))
  const delivery = await webhookSink({ url, fetch }).deliver(await deliverable(1, 3), signal)
  expect(delivery).toEqual({ ok: false, fault: { kind: 'transient', detail: `answered ${status}` } })
})

test('the body of an answer is never left unread', async () => {
  let cancelled = false
  const body = new ReadableStream({
    cancel() {
      cancelled = true
    },
  })
  const { fetch } = receiver(() => new Response(body))
  await webhookSink({ url, fetch }).deliver(await deliverable(1, 1), signal)
  expect(cancelled).toBe(true)
})

test.each<[what: string, options: object, mend: string]>([
  ['http to another machine', { url: 'http://example.com/hook' }, 'https'],
  ['no URL at all', { url: 'example.com/hook' }, 'https://example.com/hook'],
  ['a password in the URL', { url: 'https://me:pass@example.com' }, 'header'],
  ['a secret that is not base64', { url, secret: 'whsec_###' }, 'base64'],
  ['an empty secret', { url, secret: '' }, 'webhook secret: it is empty; set it, or leave it out'],
  ['a secret of less than 24 bytes', { url, secret: 'whsec_c2VjcmV0' }, 'it has 6'],
  ['a secret of more than 64 bytes', { url, secret: 'x'.repeat(65) }, 'it has 65'],
  ['a list of no secrets', { url, secret: [] }, 'the list is empty'],
  ['a list with one that is too short', { url, secret: ['x'.repeat(24), 'x'] }, 'it has 1'],
  [
    'a secret that is not set',
    { url, secret: undefined },
    'webhook secret: it is missing; set it, or leave it out, and nothing is signed.',
  ],
  ['a list with one that is not set', { url, secret: ['x'.repeat(24), undefined] }, 'webhook secret: it is missing'],
  ['a secret that is null', { url, secret: null }, 'webhook secret: it is no text; set it, or leave it out'],
  [
    'an option that there is not',
    { url, sekret: 'x' },
    "webhook: there is no setting 'sekret'; remove it, or correct its name.",
  ],
  ['a header that is not set', { url, headers: { 'X-A': undefined } }, 'webhook headers: X-A: it is missing; set it.'],
  [
    'a header with a line break inside',
    { url, headers: { Authorization: 'Bearer TOP\nSECRET' } },
    'webhook headers: Authorization: it has a character that no header may have, a line break or one beyond Latin-1; take it out.',
  ],
  [
    'a header with a vertical tab at its end',
    { url, headers: { Authorization: 'Bearer TOP SECRET\v' } },
    'webhook headers: Authorization: it has a character',
  ],
  [
    'a header with what is not Latin',
    { url, headers: { Authorization: 'Bearer TOP SECRET €' } },
    'webhook headers: Authorization: it has a character',
  ],
  [
    'a header whose name is none',
    { url, headers: { 'X Token': 'TOP SECRET' } },
    "webhook headers: 'X Token' is no name of a header; use letters, digits and -.",
  ],
  ['headers that are null', { url, headers: null }, 'webhook headers: use an object'],
])('%s is refused when the sink is made', (_, options, mend) => {
  const create = () => webhookSink(options as WebhookSinkOptions)
  expect(create).toThrow(ConfigurationError)
  expect(create).toThrow(mend)
  expect(create).toThrow(expect.objectContaining({ message: expect.not.stringContaining('TOP') }))
})

test.each(['http://localhost:8080/hook', 'http://127.0.0.1/hook', 'http://[::1]:1/hook'])(
  'http is good enough for this machine: %s',
  (local) => {
    expect(() => webhookSink({ url: local })).not.toThrow()
  },
)
