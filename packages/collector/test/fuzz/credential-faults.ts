import { NOW } from '../batches.ts'
import { ORIGIN } from '../present.ts'
import { CANARY, type Draft, encode, type Transport } from './draft.ts'
import { type Answer, type Fault, type Faults, oneOf, pick, withMember } from './fault.ts'
import { nest } from './hostile-texts.ts'
import {
  guarded,
  receiptKeys,
  receiptOf,
  server,
  signatureOf,
  signedKeyOf,
  signingKeys,
  sinkTerms,
  type TokenParts,
  tokenOf,
  tokenSecretOf,
} from './world.ts'

const NOW_SECONDS = NOW / 1000
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Another letter of base64url in the place of one. */
function tamper(text: string, n: number): string {
  const at = n % text.length
  const other = LETTERS[(LETTERS.indexOf(text[at] ?? '') + 1 + ((n >> 9) % 63)) % 64] ?? ''
  return text.slice(0, at) + other + text.slice(at + 1)
}

const withKey = (answer: Answer, ...keys: ((n: number) => string)[]): Fault<Transport> => ({
  answer,
  change(draft, _, n) {
    draft.keys = [pick(keys, n)(n)]
  },
})

const unknown = { refused: 'unknown_key' } as const
const foreignKeys = [{ id: 'other' }, { origins: ['https://other.example'] }, { kid: 'old' }]

/** What signed keys can be, wherever a request brings them. */
export const signedKeyFaults: Faults<Transport> = {
  'a signed key': withKey(
    'recorded',
    () => signedKeyOf(),
    () => signedKeyOf({ exp: NOW_SECONDS + 1 }, signingKeys[1]?.secret),
    // The signature counts, and not which secret it says that it is of.
    () => signedKeyOf({ kid: 'gone' }),
  ),
  'a signed key that was tampered with': withKey(
    unknown,
    (n) => signedKeyOf().replace(/(?<=^wk_)[^.]+/, (claims) => tamper(claims, n >> 2)),
    (n) => signedKeyOf().replace(/(?<=\.).+/, (signature) => tamper(signature, n >> 2)),
    (n) => `${signedKeyOf(pick(foreignKeys, n >> 2)).replace(/\..*/, '')}${signedKeyOf().replace(/.*\./, '.')}`,
  ),
  'a signed key of a secret that is none of ours': withKey(
    unknown,
    () => signedKeyOf({}, 'a secret that somebody has made up'),
    () => signedKeyOf({ kid: 'old' }, ''.padEnd(32)),
    () => signedKeyOf({}, guarded.tokenSecrets[0]),
    () => signedKeyOf({}, receiptKeys[0]?.secret),
  ),
  'a signed key with claims that nobody knows': withKey(
    unknown,
    () => signedKeyOf({ admin: true }),
    () => signedKeyOf({ exp: 'never' }),
    () => signedKeyOf({ exp: NOW_SECONDS + 0.5 }),
    () => signedKeyOf({ iat: undefined }),
    () => signedKeyOf({ id: '../etc' }),
    () => signedKeyOf({ origins: ORIGIN }),
    () => signedKeyOf({ token: 'optional' }),
  ),
  'a signed key that is none': withKey(
    unknown,
    () => signedKeyOf().replace('.', ''),
    () => signedKeyOf().replace('.', '..'),
    () => `${signedKeyOf()}.`,
    () => `${signedKeyOf()}=`,
    () => signedKeyOf().slice(0, -1),
    () => signedKeyOf().replace('wk_', ''),
    () => `wk_${'A'.repeat(1_900)}.${'A'.repeat(43)}`,
    () => `wk_.${'A'.repeat(43)}`,
  ),
  'a signed key that has expired': withKey(
    { refused: 'expired_key' },
    () => signedKeyOf({ exp: NOW_SECONDS }),
    () => signedKeyOf({ exp: 1, id: 'revoked' }),
  ),
  'a signed key that was revoked': withKey({ refused: 'revoked_key' }, () => signedKeyOf({ id: 'revoked' })),
  'a signed key of another origin': withKey(
    { refused: 'origin_not_allowed' },
    () => signedKeyOf({ origins: ['https://other.example'] }),
    () => signedKeyOf({ origins: [`${ORIGIN}.example`, 'https://example.com'] }),
  ),
  'a key of servers in a page': withKey({ refused: 'origin_not_allowed' }, () => server.key),
  'a key of servers, from one': {
    answer: 'recorded',
    change(draft) {
      draft.keys = [server.key]
      draft.origin = null
    },
  },
  'a key that is too long': withKey(
    unknown,
    () => `wk_${'x'.repeat(2_100)}`,
    () => signedKeyOf({ origins: Array(60).fill(ORIGIN) }),
  ),
}

/** A batch of a site that asks for tokens, with these. */
const tokens = (answer: Answer, ...all: ((n: number) => string)[]): Fault<Draft> => ({
  answer,
  change(draft, _, n) {
    draft.keys = [guarded.key]
    const member = withMember(`"token":${JSON.stringify(pick(all, n)(n))}`)
    draft.header = encode(member(new TextDecoder().decode(draft.header)))
  },
})

const invalid = { refused: 'token_invalid' } as const
const claims = { aud: guarded.id, exp: NOW_SECONDS + 300 }
const tokensOf = (answer: Answer, ...all: TokenParts[]) => tokens(answer, ...all.map((parts) => () => tokenOf(parts)))
const unsigned = (head: object) => tokenOf({ head }).replace(/[^.]*$/, '')

export const tokenFaults: Faults<Draft> = {
  'a token': tokensOf(
    'recorded',
    {},
    { secret: guarded.tokenSecrets[1] ?? '' },
    { claims: { ...claims, nbf: NOW_SECONDS + 59, sub: CANARY } },
    { claims: { ...claims, aud: ['other', guarded.id] } },
    { claims: { ...claims, exp: NOW_SECONDS - 59 } },
    { head: { alg: 'HS256', kid: '../../dev/null' } },
  ),
  'a signed key that asks for a token, with one': {
    answer: 'recorded',
    change(draft, _, n) {
      const signing = pick(signingKeys, n)
      draft.keys = [signedKeyOf({ token: 'required' }, signingKeys[0]?.secret)]
      const token = tokenOf({
        claims: { aud: 'tenant', exp: claims.exp },
        secret: tokenSecretOf('tenant', signing.secret),
      })
      draft.header = encode(withMember(`"token":"${token}"`)(new TextDecoder().decode(draft.header)))
    },
  },
  'no token': oneOf({ refused: 'token_required' }, (draft: Draft, n) => {
    draft.keys = [pick([guarded.key, signedKeyOf({ token: 'required' })], n)]
    draft.header = encode(new TextDecoder().decode(draft.header).replace(/"token":/, '"tokens":'))
  }),
  'a token of no algorithm, or of another': tokens(
    invalid,
    () => unsigned({ alg: 'none' }),
    () => unsigned({ alg: 'None', typ: 'JWT' }),
    ...[{ alg: 'none' }, { alg: 'HS512' }, { alg: 'RS256' }, {}, { alg: ['HS256'] }, { alg: 'HS256', crit: [] }].map(
      (head) => () => tokenOf({ head }),
    ),
  ),
  'a token of another secret': tokensOf(
    invalid,
    { secret: 'a secret that somebody has made up' },
    { secret: guarded.key },
    { secret: receiptKeys[0]?.secret ?? '' },
    { secret: signingKeys[0]?.secret ?? '' },
    { secret: `${guarded.tokenSecrets[0]} ` },
  ),
  'a token that was tampered with': tokens(invalid, (n) =>
    tokenOf().replace(/[^.]+/g, (part, at: number) => (at === 0 ? part : tamper(part, n))),
  ),
  'a token that has expired': tokensOf(
    { refused: 'token_expired' },
    { claims: { ...claims, exp: NOW_SECONDS - 60 } },
    { claims: { ...claims, exp: 1, aud: 'other' } },
  ),
  'a token that does not expire': tokensOf(
    invalid,
    ...[undefined, null, 'never', 0, -1, 8.65e12, [claims.exp]].map((exp) => ({ claims: { ...claims, exp } })),
  ),
  'a token of the future': tokensOf(
    invalid,
    ...[NOW_SECONDS + 61, 9e15, 'tomorrow', null, 0].map((nbf) => ({ claims: { ...claims, nbf } })),
  ),
  'a token of another site': tokensOf(
    invalid,
    ...['site', '', undefined, [], [['guarded']], { guarded: 1 }, 'guarded ', 'GUARDED'].map((aud) => ({
      claims: { ...claims, aud },
    })),
  ),
  'a token that is none': tokens(
    invalid,
    () => '',
    () => CANARY,
    () => '..',
    () => tokenOf().replace(/\.[^.]*$/, ''),
    () => `${tokenOf()}.`,
    () => `${tokenOf()}=`,
    () => ` ${tokenOf()}`,
    () => `${tokenOf()}\n`,
    () => `Bearer ${tokenOf()}`,
    () => tokenOf({ head: 'x' }),
    () => tokenOf({ claims: '\ud800' }),
    () => tokenOf({ claims: 'null' }),
    () => tokenOf({ head: '"HS256"' }),
    () => tokenOf({ claims: nest(2_000) }),
    () => '.'.repeat(7_000),
    () => `${'a.'.repeat(3_000)}a`,
  ),
  'a huge token': tokensOf(
    'recorded',
    { claims: { ...claims, x: CANARY.repeat(800) } },
    { claims: `{"x":${nest(2_000)},"aud":"guarded","exp":${claims.exp}}` },
  ),
}

const receipts = (
  answer: Answer,
  ...all: ((draft: Draft, n: number) => NonNullable<Draft['receipt']>)[]
): Fault<Draft> => ({
  answer,
  change(draft, _, n) {
    draft.receipt = pick(all, n)(draft, n)
  },
})

const mismatch = { receipt: 'mismatch' } as const
/** One part of a receipt is another; its signature is the old one. */
const withPart =
  (part: number, change: (text: string, n: number) => string) =>
  (_: Draft, n: number): NonNullable<Draft['receipt']> =>
  (subject) =>
    receiptOf(subject)
      .split('.')
      .map((text, index) => (index === part ? change(text, n >> 3) : text))
      .join('.')

export const receiptFaults: Faults<Draft> = {
  'a receipt of this batch': receipts(
    { receipt: 'skips' },
    () => (subject) => receiptOf(subject),
    () => (subject) => receiptOf(subject, { id: 'r1', sinks: [{ ...sinkTerms, name: 'other' }, sinkTerms] }),
    () => (subject) => receiptOf(subject, { expires: NOW_SECONDS + 1 }),
  ),
  'a receipt of other sinks': receipts(
    { receipt: 'skips nothing' },
    ...[
      [],
      [{ ...sinkTerms, generation: '2' }],
      [{ ...sinkTerms, guarantee: 'accepted' as const }],
      [{ ...sinkTerms, name: 'other' }],
    ].map((sinks) => () => (subject: Parameters<typeof receiptOf>[0]) => receiptOf(subject, { sinks })),
  ),
  'a receipt that was tampered with': receipts(
    mismatch,
    withPart(1, (id) => (id === 'r2' ? 'r1' : 'r2')),
    withPart(2, (issued) => issued.replace(/.$/, (digit) => (digit === 'z' ? '0' : 'z'))),
    withPart(3, () => 'zzzzzzzzz'),
    withPart(4, () => 'zzzz-zzzz-zzzz-zzzz'),
    withPart(4, () => '0-0-0-0'),
    withPart(5, tamper),
    withPart(5, (tags) => tags.repeat(2)),
    withPart(5, () => ''),
    withPart(6, tamper),
  ),
  'a receipt of another batch': receipts(
    mismatch,
    () => (subject) => receiptOf({ ...subject, batchId: subject.batchId.replace(/\d$/, (digit) => `${digit}0`) }),
    () => (subject) => receiptOf({ ...subject, batchId: '' }),
    () => (subject) =>
      receiptOf({ ...subject, digest: subject.digest.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) }),
    () => (subject) => receiptOf({ ...subject, rejected: [[1, 'invalid_json']] }),
  ),
  'a receipt of another site': receipts(
    mismatch,
    ...['guarded', 'backend', 'Site', 'site '].map(
      (keyId) => () => (subject: Parameters<typeof receiptOf>[0]) => receiptOf({ ...subject, keyId }),
    ),
  ),
  'a receipt of a secret that is none of ours': receipts(mismatch, () => (subject) => {
    const claim = receiptOf(subject).replace(/\.[^.]*$/, '')
    return `${claim}.${signatureOf('a secret that somebody has made up', claim, subject)}`
  }),
  'a receipt of a key that is gone': receipts(
    { receipt: 'unknown_key' },
    () => (subject) => receiptOf(subject, { id: 'gone' }),
    () => (subject) => receiptOf(subject, { id: '__proto__' }),
  ),
  'a receipt that has expired': receipts(
    { receipt: 'expired' },
    () => (subject) => receiptOf(subject, { expires: NOW_SECONDS }),
    () => (subject) => receiptOf(subject, { expires: 0 }),
  ),
  'a receipt that is none': receipts(
    { receipt: 'malformed' },
    ...[
      '',
      CANARY,
      '.....',
      '2......',
      `1.r2.1.1.1-1-1-1.${'A'.repeat(12)}.${'A'.repeat(43)}`,
      'null',
      '\u0000',
      '\ud800',
      '.'.repeat(7_000),
      `2.r2.${'z'.repeat(7_000)}`,
      `2.r2.1.1.1-1-1-1.${'A'.repeat(7_000)}`,
    ].map((text) => () => () => text),
    () => (subject) => `${receiptOf(subject)}\n`,
    () => (subject) => ` ${receiptOf(subject)}`,
    () => (subject) => `${receiptOf(subject)}.`,
    () => (subject) => receiptOf(subject).slice(0, -1),
    () => (subject) => receiptOf(subject).replace('2', '1'),
    withPart(2, (time) => time.toUpperCase()),
    withPart(3, (time) => `-${time}`),
    withPart(4, (taken) => taken.replace('-', '')),
    withPart(5, (tags) => tags.slice(1)),
  ),
  'a receipt that is too long': receipts(
    mismatch,
    () => (subject) =>
      receiptOf(subject, { sinks: Array(500).fill(sinkTerms) }).replace(/.$/, (end) => (end === 'A' ? 'E' : 'A')),
    withPart(5, (tags) => tags.repeat(500)),
  ),
}
