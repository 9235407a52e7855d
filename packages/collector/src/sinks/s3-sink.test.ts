import { expect, test } from 'vitest'
import { deliverable, lineOf, linesOf, NOW, STREAM } from '../../test/batches.ts'
import { fakeS3 } from '../../test/sinks/fake-s3.ts'
import type { Batch } from '../core/batch.ts'
import { ConfigurationError } from '../core/configuration-error.ts'
import type { Fetch } from '../core/http.ts'
import { s3Sink } from './s3-sink.ts'

const { signal } = new AbortController()
const options = { url: 'https://s3.example/b', region: 'us-east-1', accessKeyId: 'AKIA', secretAccessKey: 'secret' }
const key = `site/dt=2026-11-22/${STREAM}/0000000000000001-1`
const forkOf = () => deliverable(1, 1, [lineOf(1, { event: 'Something Else' })])
const answering =
  (answer: () => Response): Fetch =>
  async () =>
    answer()

test('a batch lies where R2 would have it, with id and digest in the metadata, as NDJSON', async () => {
  const { objects, fetch } = fakeS3({ bucket: '/b', secretAccessKey: 'secret' })
  const batch = await deliverable(1, 1)
  await s3Sink({ ...options, prefix: 'events/', fetch }).deliver(batch, signal)
  const object = objects.get(`events/${key}.ndjson`)
  expect(object?.text).toBe(`${linesOf(1, 1).join('\n')}\n`)
  expect(object?.headers.get('x-amz-meta-digest')).toBe(batch.digest)
  expect(object?.headers.get('x-amz-meta-batch-id')).toBe(batch.batchId)
  expect(object?.headers.get('content-type')).toBe('application/x-ndjson')
})

test('a fork lies beside the first, under the key that R2 would have for it', async () => {
  const { objects, fetch } = fakeS3({ bucket: '/b', secretAccessKey: 'secret' })
  const sink = s3Sink({ ...options, fetch })
  const fork = await forkOf()
  for (const batch of [await deliverable(1, 1), fork]) await sink.deliver(batch, signal)
  expect([...objects.keys()]).toEqual([`${key}.ndjson`, `${key}~${fork.digest.slice(0, 8)}.ndjson`])
})

test('a batch is not called recorded when both of its places are taken by other bytes', async () => {
  const { objects, fetch } = fakeS3({ bucket: '/b', secretAccessKey: 'secret' })
  const sink = s3Sink({ ...options, fetch })
  const fork = await forkOf()
  const other = { headers: new Headers(), text: 'not ours' }
  for (const end of ['', `~${fork.digest.slice(0, 8)}`]) objects.set(`${key}${end}.ndjson`, other)
  expect(await sink.deliver(fork, signal)).toEqual({
    ok: false,
    fault: { kind: 'transient', detail: 'both keys are taken by other bytes' },
  })
})

test.each([
  ['a conflict with another request', 409, 'ConditionalRequestConflict'],
  ['another region', 301, 'PermanentRedirect'],
  ['a wrong secret', 403, 'SignatureDoesNotMatch'],
  ['no such bucket', 404, 'NoSuchBucket'],
  ['a store without conditional writes', 501, 'NotImplemented'],
])('%s leaves the batch with the client, and is named', async (_, status, code) => {
  const fetch = answering(() => new Response(`<Error><Code>${code}</Code></Error>`, { status }))
  expect(await s3Sink({ ...options, fetch }).deliver(await deliverable(1, 1), signal)).toEqual({
    ok: false,
    fault: { kind: 'transient', detail: `answered ${status} ${code}` },
  })
})

test.each(['', '<html>Please log in</html>'])(
  'a 200 without an ETag is of no store, and records nothing: %j',
  async (body) => {
    const fetch = answering(() => new Response(body))
    expect(await s3Sink({ ...options, fetch }).deliver(await deliverable(1, 1), signal)).toEqual({
      ok: false,
      fault: { kind: 'transient', detail: 'answered 200 without an ETag, which whoever stores an object answers with' },
    })
  },
)

test('a store that asks for patience is given it', async () => {
  const fetch = answering(() => new Response(null, { status: 503, headers: { 'Retry-After': '7' } }))
  expect(await s3Sink({ ...options, fetch }).deliver(await deliverable(1, 1), signal)).toMatchObject({
    fault: { retryAfter: 7 },
  })
})

test('an object that is gone when it is looked at was not the batch', async () => {
  const answers = [new Response(null, { status: 412 }), new Response(null, { status: 404 })]
  const fetch: Fetch = async () => answers.shift() as Response
  expect(await s3Sink({ ...options, fetch }).deliver(await deliverable(1, 1), signal)).toMatchObject({
    ok: false,
    fault: { detail: 'answered 404' },
  })
})

test('a request is signed whole, its condition and its body too, and follows no redirect', async () => {
  const requests: [string, RequestInit][] = []
  const fetch: Fetch = async (...request) => {
    requests.push(request)
    return new Response()
  }
  const batch: Batch = await deliverable(1, 1)
  await s3Sink({ ...options, sessionToken: 't', fetch, now: () => NOW }).deliver(batch, signal)
  const [[url, init]] = requests as [[string, RequestInit]]
  const headers = new Headers(init.headers)
  expect(new URL(url).pathname).toBe(`/b/${key.replace('=', '%3D')}.ndjson`)
  expect(init.redirect).toBe('manual')
  expect(headers.get('authorization')).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIA\/20261122\/us-east-1\/s3\/aws4_request, SignedHeaders=host;if-none-match;x-amz-content-sha256;x-amz-date;x-amz-meta-batch-id;x-amz-meta-digest;x-amz-security-token, Signature=[0-9a-f]{64}$/,
  )
  const hash = await crypto.subtle.digest('SHA-256', init.body as Uint8Array<ArrayBuffer>)
  const hex = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
  expect(headers.get('x-amz-content-sha256')).toBe(hex)
})

test.each(['t\n', ' t\r\n'])('a session token %j goes without its outer whitespace', async (sessionToken) => {
  const { objects, fetch } = fakeS3({ bucket: '/b', secretAccessKey: 'secret' })
  const tokens: (string | null)[] = []
  const watched: Fetch = (url, init) => {
    tokens.push(new Headers(init.headers).get('x-amz-security-token'))
    return fetch(url, init)
  }
  const sink = s3Sink({ ...options, sessionToken, fetch: watched })
  expect(await sink.deliver(await deliverable(1, 1), signal)).toEqual({ ok: true, value: undefined })
  expect([...objects.keys()]).toEqual([`${key}.ndjson`])
  expect(tokens).toEqual(['t'])
})

test.each<[what: string, change: object, message: string]>([
  ['http to another machine', { url: 'http://s3.example/b' }, 's3 url: use https'],
  ['a query', { url: 'https://s3.example/b?x=1' }, 's3 url: end it with the bucket'],
  ['no secret', { secretAccessKey: '' }, 's3 secretAccessKey: it is empty; set it.'],
  ['no region', { region: '' }, 's3 region: it is empty; set it.'],
  ['a secret that is not set', { secretAccessKey: undefined }, 's3 secretAccessKey: it is missing; set it.'],
  ['a session token with a line break', { sessionToken: 'TOP\nSECRET' }, 's3 sessionToken: it has a character that'],
  ['a key id with a line break', { accessKeyId: 'TOP\n' }, 's3 accessKeyId: it has a character'],
  ['a prefix that is null', { prefix: null }, 's3 prefix: it is no text; use a text, or leave it out.'],
  ['an option that there is not', { bucket: 'b' }, "s3: there is no setting 'bucket'"],
])('%s is refused when the sink is made', (_, change, message) => {
  expect(() => s3Sink({ ...options, ...change })).toThrow(ConfigurationError)
  expect(() => s3Sink({ ...options, ...change })).toThrow(message)
  const shown = expect.objectContaining({ message: expect.not.stringContaining('TOP') })
  expect(() => s3Sink({ ...options, ...change })).toThrow(shown)
})
