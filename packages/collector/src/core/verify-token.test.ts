import { hmacSha256, signText, toBase64url } from '@waybill/protocol'
import { expect, test } from 'vitest'
import { refuseToken } from './verify-token.ts'

const NOW = Date.parse('2026-11-22T10:00:00Z')
const secret = 'the secret of a backend, long enough'
const former = 'the secret it had before, long enough'
const at = NOW / 1000
const claims = { aud: 'shop', exp: at + 300 }

const encode = (value: unknown) => toBase64url(new TextEncoder().encode(JSON.stringify(value)))
async function mint(body: unknown = claims, header: unknown = { alg: 'HS256', typ: 'JWT' }, by = secret) {
  const signed = `${encode(header)}.${encode(body)}`
  return `${signed}.${await signText(by, signed, hmacSha256)}`
}
const refuse = (token: string | undefined, now = NOW) =>
  refuseToken(token, { secrets: [secret, former], audience: 'shop', now, hmac: hmacSha256 })

test('a token of the site is taken, under each of its secrets', async () => {
  expect(await refuse(await mint())).toBeUndefined()
  expect(await refuse(await mint({ ...claims, aud: ['other', 'shop'], sub: 'u-1', nbf: at, iat: at }))).toBeUndefined()
  expect(await refuse(await mint(claims, { alg: 'HS256' }, former))).toBeUndefined()
})

test.each([
  [
    'jose 6.2.17',
    'eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJzaG9wIiwiZXhwIjoxNzk1MzQyMjAwfQ.n3Xt4a0T3u39F_1Rh224I6SvT891oy3oQP8cygn6Mlw',
  ],
  [
    'jsonwebtoken 9.0.3',
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJzaG9wIiwiZXhwIjoxNzk1MzQyMjAwLCJpYXQiOjE3OTUzNDE2MDB9.FtTeu9wAQ-jHchaokKOoZO_m3FwDgoqRJLZx0dJMsq0',
  ],
])('a token that %s made is taken', async (_, token) => {
  expect(await refuse(token)).toBeUndefined()
})

test('no token', async () => {
  expect(await refuse(undefined)).toEqual({ reason: 'token_required' })
})

test('a token that has expired says when; clocks may be a minute apart', async () => {
  const token = await mint()
  expect(await refuse(token, NOW + 359_000)).toBeUndefined()
  expect(await refuse(token, NOW + 360_000)).toEqual({
    reason: 'token_expired',
    expiredAt: '2026-11-22T10:05:00.000Z',
  })
})

test.each<[what: string, fault: string, token: () => Promise<string>]>([
  ['an empty one', 'malformed', async () => ''],
  ['no JWT', 'malformed', async () => 'hello'],
  ['two parts', 'malformed', async () => (await mint()).replace(/\.[^.]*$/, '')],
  ['no signature', 'malformed', async () => (await mint()).replace(/[^.]*$/, '')],
  [
    'one of another secret',
    'signature',
    () => mint(claims, { alg: 'HS256' }, 'a secret of somebody else, long enough'),
  ],
  [
    'another body',
    'signature',
    async () => (await mint()).replace(encode(claims), encode({ ...claims, exp: at + 9e9 })),
  ],
  ['a shorter signature', 'signature', async () => (await mint()).slice(0, -1)],
  ['a longer signature', 'signature', async () => `${await mint()}A`],
  ['`none`', 'algorithm', () => mint(claims, { alg: 'none' })],
  ['another algorithm', 'algorithm', () => mint(claims, { alg: 'HS512' })],
  ['no algorithm', 'algorithm', () => mint(claims, {})],
  ['something critical', 'algorithm', () => mint(claims, { alg: 'HS256', crit: ['b64'], b64: false })],
  ['a header that is no object', 'malformed', () => mint(claims, 'HS256')],
  ['claims that are no object', 'malformed', () => mint('shop')],
  ['no expiry', 'expiry', () => mint({ aud: 'shop' })],
  ['an expiry that is a text', 'expiry', () => mint({ ...claims, exp: String(at + 300) })],
  ['an expiry that no clock shows', 'expiry', () => mint({ ...claims, exp: 1e300 })],
  ['not yet', 'not_yet', () => mint({ ...claims, nbf: at + 61 })],
  ['another site', 'audience', () => mint({ ...claims, aud: 'other' })],
  ['no site', 'audience', () => mint({ exp: at + 300 })],
])('%s: %s', async (_, fault, token) => {
  expect(await refuse(await token())).toEqual({ reason: 'token_invalid', fault })
})
