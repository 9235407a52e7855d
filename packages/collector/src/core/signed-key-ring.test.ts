import {
  hmacSha256,
  type KeyClaims,
  type SigningKey,
  signKey,
  signText,
  toBase64url,
  toTokenSecret,
} from '@waybill/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSignedKeyRing, type Revocation } from './signed-key-ring.ts'

const NOW = Date.parse('2026-11-22T10:00:00Z')
const seconds = (at: string) => Date.parse(at) / 1000
const today: SigningKey = { id: '2026', secret: 'a secret of the year 2026, long enough' }
const former: SigningKey = { id: '2025', secret: 'a secret of the year 2025, long enough' }
const claims: KeyClaims = {
  kid: '2026',
  iat: seconds('2026-11-01T00:00:00Z'),
  exp: seconds('2027-01-01T00:00:00Z'),
  id: 'shop',
  origins: ['https://www.example.com', 'https://shop.example'],
  sinks: ['r2'],
  limits: { eventBytes: 8192 },
  rate: { limit: 50, period: 1 },
}

const ringOf = (signingKeys = [today], revoked: Revocation[] = [], now = NOW) =>
  createSignedKeyRing({ signingKeys, revoked, now: () => now, hmac: hmacSha256 })
const sign = (members: Partial<KeyClaims> = {}, { secret } = today) =>
  signKey({ ...claims, ...members }, secret, hmacSha256)

test('a key that was signed says itself who may write, and what', async () => {
  const key = await sign()
  const { kid: _kid, iat: _iat, exp: _exp, ...terms } = claims
  expect(await ringOf()(key)).toEqual({ ok: true, value: { key, ...terms } })
})

test('every signing key verifies, so that a secret can be rotated while keys of the one before are out', async () => {
  const old = await sign({ kid: '2025' }, former)
  expect(await ringOf([today, former])(old)).toMatchObject({ ok: true })
  expect(await ringOf([former, today])(old)).toMatchObject({ ok: true })
  expect(await ringOf([today])(old)).toBeUndefined()
})

test('a key expires at its instant, and not before', async () => {
  const key = await sign()
  expect(await ringOf([today], [], Date.parse('2026-12-31T23:59:59.999Z'))(key)).toMatchObject({ ok: true })
  expect(await ringOf([today], [], Date.parse('2027-01-01T00:00:00Z'))(key)).toEqual({
    ok: false,
    fault: { reason: 'expired_key', expiredAt: '2027-01-01T00:00:00.000Z' },
  })
})

test('a key without expiry does not expire', async () => {
  const { exp: _exp, ...lasting } = claims
  const key = await signKey(lasting, today.secret, hmacSha256)
  expect(await ringOf([today], [], Date.parse('2226-01-01T00:00:00Z'))(key)).toMatchObject({ ok: true })
})

test("a site's keys from before an instant are revoked, those from then on and those of others are not", async () => {
  const ring = ringOf([today], [{ id: 'shop', before: '2026-11-10T00:00:00Z' }])
  expect(await ring(await sign())).toEqual({ ok: false, fault: { reason: 'revoked_key' } })
  expect(await ring(await sign({ iat: seconds('2026-11-10T00:00:00Z') }))).toMatchObject({ ok: true })
  expect(await ring(await sign({ id: 'other' }))).toMatchObject({ ok: true })
})

test('where a token is required, its secrets are made from those that sign keys, and each site has its own', async () => {
  const key = await sign({ token: 'required' })
  const secrets = await Promise.all([today, former].map(({ secret }) => toTokenSecret('shop', secret, hmacSha256)))
  expect(await ringOf([today, former])(key)).toMatchObject({ ok: true, value: { tokenSecrets: secrets } })
  expect(secrets).not.toContain(await toTokenSecret('other', today.secret, hmacSha256))
})

describe('a key is refused when', () => {
  test('anything in it is changed', async () => {
    const key = await sign()
    const ring = ringOf()
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\u0000é'
    const place = fc.nat(key.length)
    const letter = fc.constantFrom(...letters)
    const mutation = fc.oneof(
      fc.tuple(place, letter).map(([at, by]) => key.slice(0, at) + by + key.slice(at + 1)),
      fc.tuple(place, letter).map(([at, by]) => key.slice(0, at) + by + key.slice(at)),
      fc.tuple(place, place).map(([from, to]) => key.slice(0, Math.min(from, to)) + key.slice(Math.max(from, to))),
      fc.tuple(place, place).map(([from, to]) => key.slice(0, from) + key.slice(to)),
      fc.string().map((text) => key + text),
      fc.string({ unit: 'binary' }),
    )
    await fc.assert(
      fc.asyncProperty(mutation, async (mutant) => {
        fc.pre(mutant !== key)
        expect(await ring(mutant)).toBeUndefined()
      }),
      { numRuns: 100 },
    )
  })

  test('its signature is written in another way that means the same bytes', async () => {
    const key = await sign()
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    // 43 letters hold 258 bits, two more than there are.
    const others = [...letters].map((letter) => key.slice(0, -1) + letter).filter((each) => each !== key)
    for (const other of others) expect(await ringOf()(other)).toBeUndefined()
  })

  test('a signature of other claims is put to it', async () => {
    const [one = '', other = ''] = [await sign(), await sign({ id: 'other' })]
    expect(await ringOf()(`${one.split('.')[0]}.${other.split('.')[1]}`)).toBeUndefined()
  })

  test.each<[what: string, members: object]>([
    ['a claim that is not known, which may be a restriction', { paths: ['/checkout'] }],
    ['no site', { id: undefined }],
    ['a pattern for an origin', { origins: ['*'] }],
    ['any origin of this machine, as development keys have', { origins: 'localhost' }],
    ['a limit above the protocol’s', { limits: { eventBytes: 1e9 } }],
    ['an expiry that is a text', { exp: '2027-01-01' }],
  ])('it says %s, though one of ours has signed it', async (_, members) => {
    const signed = `wk_${toBase64url(new TextEncoder().encode(JSON.stringify({ ...claims, ...members })))}`
    expect(await ringOf()(`${signed}.${await signText(today.secret, signed, hmacSha256)}`)).toBeUndefined()
    await expect(sign(members as Partial<KeyClaims>)).rejects.toThrow(RangeError)
  })

  test('it would be too long for a URL: it is not even made', async () => {
    const origins = Array.from({ length: 100 }, (_, index) => `https://shop-${index}.example.com`)
    await expect(sign({ origins })).rejects.toThrow('at most 2048')
  })
})

test('what a key says is not looked at before its signature is right, and every secret is tried', async () => {
  const tried: string[] = []
  const ring = createSignedKeyRing({
    signingKeys: [today, former],
    revoked: [],
    now: () => NOW,
    hmac: (secret, text) => {
      tried.push(new TextDecoder().decode(secret))
      return hmacSha256(secret, text)
    },
  })
  expect(await ring(`wk_${toBase64url(new TextEncoder().encode('not JSON'))}.${'A'.repeat(43)}`)).toBeUndefined()
  expect(tried).toEqual([today.secret, former.secret])
  tried.length = 0
  await ring(await sign())
  expect(tried).toEqual([today.secret, former.secret])
})
